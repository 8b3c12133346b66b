/* Charts of a table's own figures: [data-chart] names the table, whose rows say data-x and data-y. The table stays, for
   those who read rather than look; without this file it is all there is. */
"use strict";
(() => {
  const colour = (box, name) => {
    box.style.color = `var(${name})`;
    const found = getComputedStyle(box).color;
    box.style.color = "";
    return found;
  };

  const draw = (box) => {
    const rows = [...document.getElementById(box.dataset.chart).querySelectorAll("tr[data-x]")].reverse();
    const ink = colour(box, "--ink-2");
    const line = colour(box, "--line");
    const bars = {
      type: "bar",
      x: rows.map((row) => row.dataset.x),
      y: rows.map((row) => Number(row.dataset.y)),
      customdata: rows.map((row) => row.dataset.text),
      hovertemplate: "%{customdata}<extra></extra>",
      marker: { color: colour(box, "--brand") },
    };
    // A dozen days are told apart by month and day, the year stands in the table; months by year and month.
    // A label takes some 70 px: on a phone there are fewer.
    const labels = Math.min(8, Math.max(2, Math.floor((box.parentElement.clientWidth - 72) / 70)));
    const every = Math.ceil(rows.length / labels);
    const isMonthly = rows.length > 1 && rows.every((row) => row.dataset.x.endsWith("-01"));
    const short = (x) => (isMonthly ? x.slice(0, 7) : x.slice(5));
    const ticks = rows.map((row) => row.dataset.x).filter((_, n) => n % every === 0);
    const axis = { color: ink, ticklabelstandoff: 6, gridcolor: line, zerolinecolor: line, fixedrange: true };
    const layout = {
      height: 240,
      margin: { l: 64, r: 8, t: 8, b: 40 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(box).fontFamily, color: ink },
      xaxis: { ...axis, type: "category", tickvals: ticks, ticktext: ticks.map(short), tickangle: 0 },
      yaxis: { ...axis, rangemode: "tozero", ticksuffix: box.dataset.suffix },
      bargap: 0.3,
    };
    box.hidden = false;
    window.Plotly.newPlot(box, [bars], layout, { displayModeBar: false, responsive: true });
  };

  const drawAll = () => document.querySelectorAll("[data-chart][hidden]").forEach(draw);
  drawAll();
  document.addEventListener("htmx:afterSettle", drawAll);
})();
