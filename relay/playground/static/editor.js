// A plain text field with line numbers and marks beside it. Tab leaves it, as it leaves any field.

/** Makes an element with a class and a text. */
export function element(name, { text = "", kind = "", ...more } = {}) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text) made.textContent = text;
  return Object.assign(made, more);
}

/** Puts a text into a field as if it were typed, so that it can be undone. */
export function replaceText(field, text) {
  field.focus();
  field.select();
  // Deprecated, and the one way that keeps the field's own history.
  if (!document.execCommand("insertText", false, text)) {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  field.setSelectionRange(0, 0);
  field.scrollTop = 0;
}

/** Returns how many code points stand before a place of a field's text. */
export function codePoints(text, place) {
  return [...text.slice(0, place)].length;
}

export class Editor {
  #field;
  #gutter;
  #marks = new Map();

  constructor(field, gutter) {
    this.#field = field;
    this.#gutter = gutter;
    field.addEventListener("input", () => this.#draw());
    field.addEventListener("scroll", () => this.#follow());
    new ResizeObserver(() => this.#follow()).observe(field);
    this.#draw();
  }

  get text() {
    return this.#field.value;
  }

  set text(text) {
    replaceText(this.#field, text);
  }

  /** Shows marks: by line, `{ kind: "bad" | "good", sign, text }`. */
  mark(marks) {
    this.#marks = marks;
    this.#draw();
    const isBad = [...marks.values()].some((mark) => mark.kind === "bad");
    this.#field.setAttribute("aria-invalid", String(isBad));
  }

  /** Moves the caret to the start of a line, and selects it. */
  goTo(line) {
    const lines = this.text.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    const end = start + (lines[line - 1] ?? "").length;
    this.#field.focus();
    this.#field.setSelectionRange(start, end);
    const height = this.#field.scrollHeight / Math.max(lines.length, 1);
    this.#field.scrollTop = Math.max(0, (line - 4) * height);
  }

  #draw() {
    const count = this.text.split("\n").length;
    const lines = Array.from({ length: count }, (_, index) => {
      const mark = this.#marks.get(index + 1);
      const text = `${mark ? `${mark.sign} ` : ""}${index + 1}`;
      return element("div", { text, kind: mark?.kind ?? "", title: mark?.text ?? "" });
    });
    this.#gutter.replaceChildren(...lines);
    this.#follow();
  }

  #follow() {
    this.#gutter.style.height = `${this.#field.offsetHeight}px`;
    this.#gutter.scrollTop = this.#field.scrollTop;
  }
}
