/** Elements of the page. Text goes in as text, wherever it comes from: nothing here reads markup. */

type Properties = Readonly<Record<string, string | number | boolean | ((event: Event) => void)>>;
type Child = Node | string;

/** Makes an element: functions are listeners of events, everything else is an attribute. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'function') made.addEventListener(key, value);
    else if (typeof value === 'boolean') made.toggleAttribute(key, value);
    else made.setAttribute(key, String(value));
  }
  made.append(...children);
  return made;
}

/** What an element holds becomes this, where it differs: what a reader has marked is not lost for nothing. */
export function setText(of: HTMLElement, text: string): void {
  if (of.textContent !== text) of.textContent = text;
}

/** What takes long is done so rarely that it takes no more than this share of the time. */
const MOST_SHARE = 0.25;

/** Calls at most once for each picture that the browser draws, and only while the page is seen. */
export function onceAFrame(draw: () => void): () => void {
  let asked = false;
  let notBefore = 0;
  const drawNow = (): void => {
    asked = false;
    const start = performance.now();
    draw();
    const took = performance.now() - start;
    notBefore = start + took / MOST_SHARE;
  };
  return () => {
    if (asked) return;
    asked = true;
    const wait = notBefore - performance.now();
    if (wait > 0) setTimeout(() => requestAnimationFrame(drawNow), wait);
    else requestAnimationFrame(drawNow);
  };
}

/** A canvas as large as its place, in pixels of the screen; drawn again when that changes. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = devicePixelRatio;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** The page's colours, by the names of their variables. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
