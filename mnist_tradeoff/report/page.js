// Colours of the page for the charts, and fewer words in them where the screen is narrow.
const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 40rem)");

// Of a log axis: each decade, or 1, 2 and 5 of it, or of less than a decade every digit.
function logStep([first, last]) {
  if (last - first < (narrow.matches ? 0.5 : 1)) return "D1";
  return narrow.matches && last - first > 1 ? 1 : "D2";
}

function paint() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const axis = (letter) => ({
    [`${letter}axis.gridcolor`]: color("--grid"),
    [`${letter}axis.linecolor`]: color("--line"),
    [`${letter}axis.tickfont.size`]: narrow.matches ? 11 : 12,
  });
  for (const chart of document.querySelectorAll(".js-plotly-plot")) {
    Plotly.relayout(chart, {
      "font.color": color("--text"),
      "hoverlabel.bgcolor": color("--box"),
      "hoverlabel.font.color": color("--text"),
      "legend.font.size": narrow.matches ? 11 : 12,
      ...axis("x"),
      ...(chart.layout.xaxis.type === "log" && { "xaxis.dtick": logStep(chart.layout.xaxis.range) }),
      ...axis("y"),
      ...(chart.layout.updatemenus && {
        "updatemenus[0].bgcolor": color("--box"),
        "updatemenus[0].bordercolor": color("--line"),
      }),
    });
    const texts = [...chart.data.keys()].filter((i) => chart.data[i].meta === "labels");
    if (texts.length) Plotly.restyle(chart, { visible: !narrow.matches }, texts);
  }
}

async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  button.textContent = "copied";
  setTimeout(() => (button.textContent = "copy"), 1500);
}

document.addEventListener("click", (event) => {
  if (event.target.matches("button.copy")) copy(event.target);
});
// A click on a point leads where it says: to its model's page, or to its run.
for (const chart of document.querySelectorAll(".js-plotly-plot")) {
  chart.on("plotly_click", ({ points }) => {
    if (points[0].customdata) location.href = points[0].customdata;
  });
}
dark.addEventListener("change", paint);
narrow.addEventListener("change", paint);
paint();
