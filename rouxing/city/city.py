"""The city as a whole: a clock, days that happen as it moves, what the vendors hold, and the commands it obeys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import RLock

import numpy as np

from rouxing.city import clock, documents, master
from rouxing.city import day as days
from rouxing.city.claims import QuotaChange
from rouxing.city.clock import Clock, ManualClock, WallClock
from rouxing.city.command_checks import checked
from rouxing.city.commands import Body, Command, CommandLog, Kind, RefusedError
from rouxing.city.day import DayRecord, Directives, State
from rouxing.city.rows import FIELDS, Value, vendor_rows
from rouxing.city.streams import DAY_SECONDS, NONE, Columns, Ints, day_number, day_seconds
from rouxing.city.supply import COMMAND_NUMBERS, DISPATCH_SECONDS, TransferOrder
from rouxing.city.tables import FOREVER, FeedTable, Selection, kept
from rouxing.city.trade import SlotChange
from rouxing.city.world import CUTOFF_SECONDS, CityParameters, World, build_world
from rouxing.model.feeds import TRANSFER_STATUSES

Progress = Callable[[int, int], None]
Row = dict[str, Value]
FIRST_QUOTA_SECONDS = 6 * 60


class City:
    """A simulated chain, ready at 05:30 of the day before its business date. Safe to use from several threads.

    Day X happens when the clock passes X 05:35, under the commands accepted by then. A quota, staff or slot capacity
    for X that is accepted later holds from that moment: the day is simulated again, and since nothing before a change
    depends on it, rows that were seen stay as they are. A transfer must be commanded before its truck leaves at 06:00.

    Args:
        parameters: what the city is like.
        state: folder that keeps accepted commands and the clock; None keeps them in memory only.
        wall: let the clock run with the wall clock, whole days away from it.
        progress: called with (days done, days in all) while history is simulated.
    """

    def __init__(
        self,
        parameters: CityParameters,
        state: Path | None = None,
        *,
        wall: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.world: World = build_world(parameters)
        self.lock = RLock()
        self.master = master.master_rows(self.world)
        self._folder = state
        self._log = CommandLog(state, _as_json(parameters))
        self._tables = {feed: FeedTable() for feed in FIELDS}
        self._before = days.first_state(self.world)  # state before the latest day
        self._after: State = self._before
        self._record: DayRecord | None = None
        self._stale_since: int | None = None
        self._next_day = parameters.first_day
        self._put_beginnings()
        for command in self._log.all():
            self._put_command(command)
        self._live_history(progress)
        self._clock = self._start_clock(wall)

    @property
    def now(self) -> int:
        """The city's moment, local seconds."""
        return self._clock.now()

    def move_clock(self, moment: datetime) -> None:
        """Go forward to ``moment`` (timezone-aware), the days on the way happen. RefusedError if it is past."""
        with self.lock:
            if not self._clock.move(clock.to_second(moment)):
                raise RefusedError(
                    "INVALID_REQUEST", f"the clock is at {clock.to_moment(self.now)} and moves forward only"
                )
            self._catch_up()
            if self._folder:
                clock.remember(self._folder, self.now)

    def select(self, feed: str, start: int, end: int) -> Selection:
        """Rows of ``feed`` modified in [start, end] (local seconds) that its vendor tells by now."""
        with self.lock:
            now = self._catch_up()
            if feed in self.master:
                return Selection({}, self._select_master(feed, start, end, now))
            return self._tables[feed].select(start, end, now)

    def rows(self, feed: str, selection: Selection, first: int, last: int) -> list[Row]:
        """Rows ``first`` to ``last - 1`` of a selection as the vendor writes them."""
        numbers = selection.numbers[first:last]
        if feed in self.master:
            return [self.master[feed][number] for number in numbers.tolist()]
        return vendor_rows(self.world, feed, selection.rows, numbers)

    def accept(self, kind: Kind, body: Body) -> None:
        """Obey a command, or do nothing if the same was accepted before. Raises RefusedError."""
        with self.lock:
            now = self._catch_up()
            body = checked(self.world, kind, body)
            if self._log.find(kind, body) is not None:
                return
            command = self._checked(Command(kind, now, body))
            self._put_command(self._log.add(command))
            if self._concerns_record(command):
                self._stale_since = now if self._stale_since is None else self._stale_since

    def issued(self, cell: int, day: date) -> int:
        """Coupons quota cell ``cell`` has issued on ``day`` by now."""
        if self._record is None or day > self._record.day:
            return 0
        if self._stale_since is not None and self._stale_since < self.now:
            self._repeat_day()
        return int(documents.issued_by(self.world, self._record, self.now)[cell])

    def _start_clock(self, wall: bool) -> Clock:
        start = self.world.parameters.start_second
        if not wall:
            return ManualClock(start)
        last = clock.remembered(self._folder) if self._folder else None
        return WallClock(max(start, last or 0))

    def _live_history(self, progress: Progress | None) -> None:
        total = self.world.parameters.days
        for done in range(1, total + 1):
            self._live_day()
            if progress:
                progress(done, total)

    def _catch_up(self) -> int:
        """Let every day up to now happen; returns now."""
        now = self.now
        if self._stale_since is not None and self._stale_since < now:
            self._repeat_day()
        moved = False
        while day_seconds(self._next_day) + CUTOFF_SECONDS <= now:
            self._live_day()
            moved = True
        if moved and self._folder:
            clock.remember(self._folder, now)
        return now

    def _live_day(self) -> None:
        day = self._next_day
        if day >= self.world.parameters.business_date - timedelta(days=1):
            for table in self._tables.values():
                table.settle()
        self._before = self._after
        self._simulate(day)
        self._next_day = day + timedelta(days=1)

    def _repeat_day(self) -> None:
        assert self._record is not None
        self._simulate(self._record.day)

    def _simulate(self, day: date) -> None:
        self._stale_since = None
        self._after, self._record = days.simulate_day(self.world, self._before, self._directives(day), day)
        chunks = documents.day_documents(self.world, self._record)
        chunks["coupon_quotas"] = self._quota_documents(self._record)
        # The night settles what is counted before the next day is lived; it must not show only after that.
        following = days.morning_stock(self.world, self._after, day + timedelta(days=1))
        chunks["stock_levels"] = documents.stock_levels(self.world, following)
        since = self.world.parameters.start_second
        for feed, chunk in chunks.items():
            self._tables[feed].put(f"day {day}", kept(chunk, since))

    def _put_beginnings(self) -> None:
        """What the vendors hold when history begins."""
        first = self.world.parameters.first_day
        self._tables["consents"].put("beginning", master.consents(self.world))
        morning = days.morning_stock(self.world, self._before, first)
        self._tables["stock_levels"].put("beginning", documents.stock_levels(self.world, morning))
        nothing = np.zeros(len(self.world.cells.of), dtype=np.int64)
        self._tables["coupon_stocks"].put("beginning", documents.coupon_stocks(self.world, first, nothing, 8 * 60))
        for ahead in range(documents.ROSTER_DAYS_AHEAD):
            day = first + timedelta(days=ahead)
            self._tables["rosters"].put(f"beginning {day}", documents.rosters(self.world, day))
        for ahead in range(documents.QUOTA_DAYS_AHEAD):
            day = first + timedelta(days=ahead)
            self._tables["coupon_quotas"].put(f"beginning {day}", self._default_quota_rows(day))

    # Quotas: marketing's own, then whatever was commanded.

    def _default_moment(self, day: date) -> int:
        first = day_seconds(self.world.parameters.first_day) + FIRST_QUOTA_SECONDS
        ahead = documents.QUOTA_DAYS_AHEAD * DAY_SECONDS - documents.QUOTA_SET_SECONDS
        return max(first, day_seconds(day) - ahead)

    def _default_quota_rows(self, day: date) -> Columns:
        moment = self._default_moment(day)
        quotas = days.default_quotas(self.world, day)
        open_cells = quotas > 0
        for command in self._log.for_day("quota", day):
            if command.second < moment:
                open_cells[command.body["cell"]] = False
        cells = np.flatnonzero(open_cells)
        return documents.quotas_set(self.world, day, cells, quotas[cells], moment)

    def _in_force(self, day: date, moment: int) -> tuple[Ints, Ints]:
        """Quota and the moment it was set (NONE = no quota) per cell at ``moment``."""
        quotas = days.default_quotas(self.world, day)
        since = np.where(quotas > 0, self._default_moment(day), NONE)
        for command in self._log.for_day("quota", day):
            if command.second <= moment:
                quotas[command.body["cell"]] = command.body["quota_coupons"]
                since[command.body["cell"]] = command.second
        return quotas, since

    def _quota_documents(self, record: DayRecord) -> Columns:
        moments = documents.count_moments(record.day)
        counted = documents.quota_counts(self.world, record, [self._in_force(record.day, moment) for moment in moments])
        ahead = self._default_quota_rows(record.day + timedelta(days=documents.QUOTA_DAYS_AHEAD))
        return {name: np.concatenate([counted[name], ahead[name]]) for name in ahead}

    # What a day runs under.

    def _directives(self, day: date) -> Directives:
        cutoff = day_seconds(day) + CUTOFF_SECONDS
        late = [command for command in self._log.for_day("quota", day) if command.second > cutoff]
        capacity, changes = self._slot_capacity(day, cutoff)
        return Directives(
            quotas=self._in_force(day, cutoff)[0],
            slot_capacity=capacity,
            staff=self._staff(day),
            quota_changes=[QuotaChange(c.second, c.body["cell"], c.body["quota_coupons"]) for c in late],
            slot_changes=changes,
            transfers=self._transfer_orders(day),
        )

    def _slot_capacity(self, day: date, cutoff: int) -> tuple[Ints, list[SlotChange]]:
        usual = days.default_slot_capacity(self.world)
        capacity, changes = np.stack([usual, usual]), []
        for ahead in range(2):
            for command in self._log.for_day("slot_capacity", day + timedelta(days=ahead)):
                for slot, pickups in command.body["slots"]:
                    if command.second <= cutoff:
                        capacity[ahead, command.body["store"], slot] = pickups
                    elif command.second < day_seconds(day) + DAY_SECONDS:
                        changes.append(SlotChange(command.second, ahead, command.body["store"], slot, pickups))
        return capacity, changes

    def _staff(self, day: date) -> Ints:
        staff = days.default_staff(self.world, day)
        stores = self.world.stores
        most = np.minimum(stores.counters, days.rostered_staff(self.world, day) + stores.callable_staff)
        cutoff, midnight = day_seconds(day) + CUTOFF_SECONDS, day_seconds(day)
        for command in self._log.for_day("staff", day):
            store = command.body["store"]
            for slot, persons in command.body["slots"]:
                # Nobody can be called in for a half hour that has begun.
                if command.second <= cutoff or midnight + slot * 1800 >= command.second:
                    staff[store, slot] = min(persons, int(most[store]))
        return staff

    def _transfer_orders(self, day: date) -> list[TransferOrder] | None:
        commands = sorted(self._log.for_day("transfer", day), key=lambda command: command.number)
        if not commands:
            return None
        return [
            TransferOrder(
                day_number(day) + COMMAND_NUMBERS + command.number,
                command.second,
                day,
                command.body["store"],
                command.body["sku"],
                command.body["quantity_units"],
            )
            for command in commands
        ]

    # Commands.

    def _checked(self, command: Command) -> Command:
        midnight = day_seconds(command.day)
        if command.kind == "transfer" and command.second >= midnight + DISPATCH_SECONDS:
            raise RefusedError(
                "INVALID_REQUEST", f"the trucks of {command.day} have left; choose a later dispatch_date"
            )
        if command.second >= midnight + DAY_SECONDS:
            raise RefusedError("INVALID_REQUEST", f"{command.day} is over; choose a day that is not")
        if command.kind != "quota":
            return command
        issued = self.issued(command.body["cell"], command.day)
        if command.body["quota_coupons"] < issued:
            raise RefusedError("INVALID_REQUEST", f"{issued} coupons are issued already; the quota cannot be lower")
        return replace(command, issued=issued)

    def _concerns_record(self, command: Command) -> bool:
        if self._record is None:
            return False
        ahead = (command.day - self._record.day).days
        return ahead == 0 or (ahead == 1 and command.kind == "slot_capacity")

    def _put_command(self, command: Command) -> None:
        """Quotas and transfers show at their vendor as soon as they are accepted."""
        body = command.body
        if command.kind == "quota":
            cell = np.array([body["cell"]])
            quota = np.array([body["quota_coupons"]])
            rows = documents.quotas_set(self.world, command.day, cell, quota, command.second)
            rows |= {"visible": rows["modified"], "issued": np.array([command.issued])}
            # Of two that set the same quota in the same second the vendor knows only the later.
            self._tables["coupon_quotas"].put(f"command {command.day} {body['cell']} {command.second}", rows)
        elif command.kind == "transfer":
            self._tables["transfers"].put(f"command {command.request_number}", _ordered(command))

    def _select_master(self, feed: str, start: int, end: int, now: int) -> Ints:
        known = [clock.to_second(datetime.fromisoformat(str(row["modified"]))) for row in self.master[feed]]
        return np.flatnonzero([start <= moment <= min(end, now) for moment in known])


def _ordered(command: Command) -> Columns:
    day, body = command.day, command.body
    transfer = day_number(day) + COMMAND_NUMBERS + command.number
    facts = {
        "transfer": transfer,
        "shipment": day_number(day) + body["store"],
        "store": body["store"],
        "sku": body["sku"],
        "quantity": body["quantity_units"],
        "status": TRANSFER_STATUSES.index("ordered"),
        "ordered": command.second,
        "dispatched": NONE,
        "received": NONE,
        "document": transfer,
        "modified": command.second,
        "visible": command.second,
        "gone": FOREVER,
    }
    return {name: np.array([value]) for name, value in facts.items()}


def _as_json(parameters: CityParameters) -> Body:
    return asdict(parameters) | {"business_date": parameters.business_date.isoformat()}
