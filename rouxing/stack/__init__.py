"""Starting, finding and stopping the processes that Rouxing's flows need: Prefect's server, a worker, the city."""
