/**
 * Tables of one's own as text: the twin of `task_from_csv` and `task_to_csv` in tasks.py, with the same refusals.
 *
 * @typedef {{ inputs: number[][], targets: number[][] }} Table rows
 */

const MAX_ROWS = 64;
const MAX_COLUMNS = 8;
/** Characters of text that are read at all. */
export const MAX_TEXT = 20_000;

/** A number as Python and we accept it in a text. */
export const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const COLUMN = /^(in|out)([1-9]\d?)$/;

/**
 * Read a table of one's own. @param {string} text @returns {Table}
 * @throws {RangeError} it names the line, the column, what stands there and what may
 */
export function taskFromCsv(text) {
  const lines = linesOf(text);
  const [first, header] = lines[0];
  const separator = ["\t", ";", ","].find((mark) => header.includes(mark)) ?? ",";
  const [columns, inputs] = readHeader(first, cellsOf(header, separator));
  const found = lines.length - 1;
  if (found === 0) refuse(`line ${first} names the columns, and no row follows; give 1 to ${MAX_ROWS} rows`);
  if (found > MAX_ROWS) refuse(`the table has ${found} rows; give 1 to ${MAX_ROWS}`);
  const rows = lines.slice(1).map(([number, line]) => {
    const cells = cellsOf(line, separator);
    if (cells.length !== columns.length)
      refuse(`line ${number} has ${cells.length} columns, ${short(line)}; the first line names ${columns.length}`);
    return cells.map((cell, k) => valueOf(number, columns[k], cell, separator));
  });
  return { inputs: rows.map((row) => row.slice(0, inputs)), targets: rows.map((row) => row.slice(inputs)) };
}

/** The text of a table, with commas and all digits. @param {Table} table */
export function taskToCsv({ inputs, targets }) {
  const names = (kind, row) => row.map((_, k) => `${kind}${k + 1}`);
  const digits = (x) => (Number.isInteger(x) && Math.abs(x) < 2 ** 53 ? String(x) : pythonNumber(x));
  const rows = inputs.map((row, k) => [...row, ...targets[k]].map(digits));
  return `${[[...names("in", inputs[0]), ...names("out", targets[0])], ...rows].map((cells) => cells.join(",")).join("\n")}\n`;
}

/** A float64 as Python's `repr` writes it: the same shortest digits, in another form. */
export function pythonNumber(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const [, sign, whole, fraction = "", power] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(x.toExponential());
  const digits = whole + fraction;
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const shown = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${whole}${fraction && `.${fraction}`}e${exponent < 0 ? "-" : "+"}${shown}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 1, "0");
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1) || "0"}`;
}

function refuse(text) {
  throw new RangeError(text);
}

/** [line number, line] of every line that is not empty. */
function linesOf(text) {
  const length = text.length > MAX_TEXT ? [...text].length : text.length;
  if (length > MAX_TEXT)
    refuse(`the text is ${withCommas(length)} long; at most ${withCommas(MAX_TEXT)} characters are read`);
  const split = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/); // Excel begins its UTF-8 with a mark
  const lines = split.map((line, k) => [k + 1, line]).filter(([, line]) => line.trim());
  if (!lines.length) refuse("the text is empty; its first line names the columns: in1,in2,...,out1,...");
  return lines;
}

const cellsOf = (line, separator) => line.split(separator).map((cell) => cell.trim().replace(/^"+|"+$/g, "").trim());

/** [the columns' names, how many of them are inputs]. */
function readHeader(line, cells) {
  const names = cells.map((name) => name.toLowerCase());
  const kinds = names.map((name, k) => {
    const match = COLUMN.exec(name);
    if (!match)
      refuse(
        `line ${line}, column ${k + 1} is called ${short(name)}; the first line names the columns: ` +
          `in1 to in${MAX_COLUMNS}, then out1 to out${MAX_COLUMNS}`,
      );
    return match[1];
  });
  const counts = ["in", "out"].map((kind) => [kind, kinds.filter((other) => other === kind).length]);
  const expected = counts.flatMap(([kind, count]) => Array.from({ length: count }, (_, k) => `${kind}${k + 1}`));
  names.forEach((name, k) => {
    if (name !== expected[k])
      refuse(
        `line ${line}, column ${k + 1} is called ${quoted(name)}, expected ${quoted(expected[k])}: ` +
          "all inputs in1, in2, ..., then all outputs out1, out2, ...",
      );
  });
  for (const [kind, count] of counts)
    if (count < 1 || count > MAX_COLUMNS) {
      const word = kind === "in" ? "input" : "output";
      refuse(`line ${line} names ${count} ${word} columns; name 1 to ${MAX_COLUMNS}, as ${kind}1, ${kind}2, ...`);
    }
  return [names, counts[0][1]];
}

function valueOf(line, column, cell, separator) {
  const number = separator === "," ? cell : cell.replaceAll(",", ".");
  const value = NUMBER.test(number) ? Number(number) : NaN;
  const output = column.startsWith("out");
  if (!Number.isFinite(value) || (output && !(value >= 0 && value <= 1))) {
    const allowed = output ? "a number from 0 to 1" : "a finite number such as 0, 1 or -0.5";
    refuse(`line ${line}, column ${column} holds ${short(cell)}; write ${allowed}`);
  }
  return value;
}

/** A text as Python quotes it. */
function quoted(text) {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escapes = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", [mark]: `\\${mark}` };
  const safe = [...text].map((character) => {
    const code = character.codePointAt(0);
    const control = code < 32 || (code >= 127 && code < 161) || code === 173;
    return escapes[character] ?? (control ? `\\x${code.toString(16).padStart(2, "0")}` : character);
  });
  return mark + safe.join("") + mark;
}

function short(text) {
  const letters = [...text];
  return text ? quoted(letters.length <= 30 ? text : `${letters.slice(0, 30).join("")}...`) : "nothing";
}

const withCommas = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
