(function () {
  "use strict";
  var root = document.documentElement;
  var charts = Array.prototype.map.call(document.querySelectorAll("[data-chart]"), function (holder) {
    var source = document.getElementById(holder.dataset.chart);
    return { holder: holder, made: JSON.parse(source.textContent), chooser: holder.parentNode.querySelector("select"), option: 0 };
  });

  // Chart texts hold both languages between private-use marks; keep the one that is shown.
  function inLanguage(value, language) {
    var kept = language === "zh" ? "$1" : "$2";
    var text = JSON.stringify(value).replace(/\ue000([^\ue001]*)\ue001([^\ue002]*)\ue002/g, kept);
    return JSON.parse(text);
  }

  function draw(chart) {
    var figure = inLanguage(chart.made.figure, root.dataset.language);
    var option = chart.made.options[chart.option];
    if (option) {
      var traces = inLanguage(option.traces, root.dataset.language);
      figure.data.forEach(function (trace, index) { Object.assign(trace, traces[index]); });
    }
    Plotly.react(chart.holder, figure.data, figure.layout, { displayModeBar: false, responsive: true });
  }

  function fillChooser(chart) {
    if (!chart.chooser) { return; }
    chart.chooser.textContent = "";
    chart.made.options.forEach(function (option, index) {
      chart.chooser.add(new Option(option[root.dataset.language], String(index)));
    });
    chart.chooser.value = String(chart.option);
  }

  function show(language) {
    root.dataset.language = language;
    root.lang = language === "zh" ? "zh-CN" : "en";
    document.title = document.body.dataset[language + "Title"];
    charts.forEach(function (chart) { fillChooser(chart); draw(chart); });
  }

  document.querySelector(".language").addEventListener("click", function () {
    show(root.dataset.language === "zh" ? "en" : "zh");
  });
  document.querySelectorAll(".unfold").forEach(function (button) {
    button.addEventListener("click", function () {
      button.previousElementSibling.querySelector("table").classList.remove("folded");
      button.remove();
    });
  });
  charts.forEach(function (chart) {
    if (!chart.chooser) { return; }
    chart.chooser.addEventListener("change", function () { chart.option = Number(chart.chooser.value); draw(chart); });
  });
  show("zh");
})();
