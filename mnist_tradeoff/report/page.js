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
    const lines = [...chart.data.keys()].filter((i) => chart.data[i].type === "parcoords");
    if (lines.length) {
      const fonts = ["labelfont.color", "tickfont.color", "rangefont.color"];
      Plotly.restyle(chart, Object.fromEntries(fonts.map((name) => [name, color("--text")])), lines);
    }
    const texts = [...chart.data.keys()].filter((i) => chart.data[i].meta === "labels");
    if (texts.length) Plotly.restyle(chart, { visible: !narrow.matches }, texts);
  }
}

async function copy(button) {
  const text = button.dataset.copy;
  let isCopied = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    isCopied = document.execCommand("copy");
    field.remove();
  }
  button.textContent = isCopied ? "copied" : "not allowed here";
  setTimeout(() => (button.textContent = "copy"), 1500);
}

document.addEventListener("click", (event) => {
  if (event.target.matches("button.copy")) copy(event.target);
});
// MLflow shows a report within its own page, from which no link leads out.
const isFramed = window.self !== window.top;
if (isFramed) {
  for (const link of document.querySelectorAll("a")) link.replaceWith(...link.childNodes);
  const note = document.createElement("p");
  note.className = "quiet";
  note.textContent = "The links of this page work where its file is opened by itself.";
  document.querySelector("h1").after(note);
}
// MLflow's pages may not be served just now: they do not take this one's place.
for (const link of document.querySelectorAll('a[href^="http"]')) {
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener");
}
// A click on a point leads where it says: to its model's page, or to its run.
for (const chart of document.querySelectorAll(".js-plotly-plot")) {
  const cursor = (name) => (chart.querySelector(".nsewdrag") ?? chart).style.setProperty("cursor", name);
  const leadsTo = ({ points }) => !isFramed && points[0].customdata;
  chart.on("plotly_hover", (event) => cursor(leadsTo(event) ? "pointer" : ""));
  chart.on("plotly_unhover", () => cursor(""));
  chart.on("plotly_click", (event) => {
    const place = leadsTo(event);
    if (place && place.startsWith("http")) window.open(place, "_blank", "noopener");
    else if (place) location.href = place;
  });
}
dark.addEventListener("change", paint);
narrow.addEventListener("change", paint);
paint();
