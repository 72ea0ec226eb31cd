// Sorts a table by the column whose head is clicked on: by what its cells begin
// with as a number, with its unit, and else as text.
(function () {
  var units = { ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, k: 1e3, M: 1e6, G: 1e9 };
  function value(cell) {
    var text = cell ? cell.textContent.trim() : "";
    var m = /^<?(-?[\d,]*\.?\d+(?:e-?\d+)?)\s?(ns|µs|ms|s|k|M|G)?(?=$|[\s(\[\/])/.exec(text);
    return m ? parseFloat(m[1].replace(/,/g, "")) * (units[m[2]] || 1) : text;
  }
  function compare(a, b) {
    var x = typeof a === "number", y = typeof b === "number";
    if (x && y) return a - b;
    if (x !== y) return x ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  function sort(head, table) {
    var column = Array.prototype.indexOf.call(head.parentNode.children, head);
    var order = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    head.parentNode.querySelectorAll("th").forEach(function (h) { h.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", order);
    var body = table.tBodies[0];
    Array.from(body.rows).map(function (row, i) { return { row: row, i: i, v: value(row.cells[column]) }; })
      .sort(function (a, b) { return (order === "ascending" ? 1 : -1) * compare(a.v, b.v) || a.i - b.i; })
      .forEach(function (e) { body.appendChild(e.row); });
  }
  document.querySelectorAll("table.sortable").forEach(function (table) {
    table.querySelectorAll("thead th").forEach(function (head) {
      head.tabIndex = 0;
      head.title = "sort by this column";
      head.addEventListener("click", function () { sort(head, table); });
      head.addEventListener("keydown", function (e) { if (e.key === "Enter") sort(head, table); });
    });
  });
  // A link to records opens the list that they are in.
  function reveal() {
    var target = location.hash && document.getElementById(location.hash.slice(1));
    for (var e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    if (target) target.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  reveal();
})();
