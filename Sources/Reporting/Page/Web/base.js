// What all parts share: elements, words for numbers, colours of the page, and what is said to readers of the screen.

const data = JSON.parse(document.getElementById('data').textContent);

/** An element with properties (`text`, `on…`, or attributes) and children. Text never becomes markup. */
function make(tag, properties = {}, ...children) {
	return fill(document.createElement(tag), properties, children);
}

/** The same for a picture's elements. */
function draw(tag, properties = {}, ...children) {
	return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), properties, children);
}

function fill(element, properties, children) {
	for (const [name, value] of Object.entries(properties)) {
		if (value === null || value === undefined || value === false) continue;
		if (name === 'text') element.textContent = value;
		else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
		else element.setAttribute(name, value === true ? '' : value);
	}
	element.append(...children);
	return element;
}

/** A number as people read it; what JSON has no number for was not finite. */
function words(value, digits = 6) {
	if (value === null || value === undefined || isNaN(value)) return 'not finite';
	return String(Number(value.toPrecision(digits))).replace(/-/g, '−');
}

const percent = (share) => (share === null ? 'not finite' : `${(100 * share).toFixed(2)}\u00a0%`);

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The index of the value that is nearest. */
function nearest(values, wanted) {
	let best = 0;
	for (let i = 1; i < values.length; i++) {
		if (Math.abs(values[i] - wanted) < Math.abs(values[best] - wanted)) best = i;
	}
	return best;
}

/** Smallest and largest of the finite values that are allowed; null where there are none. */
function extent(values, isAllowed = () => true) {
	let low = Infinity, high = -Infinity;
	for (const value of values) {
		if (value === null || !Number.isFinite(value) || !isAllowed(value)) continue;
		low = Math.min(low, value);
		high = Math.max(high, value);
	}
	return low <= high ? [low, high] : null;
}

/** A colour of the page's style, which is another one in the dark. */
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const seriesInk = (index) => ink(`series-${index % 6}`);

/** Says something to readers of the screen: words, or all that is written in the parts of an element. */
function say(what) {
	document.getElementById('said').textContent = what.children ? [...what.children].map((one) => one.textContent).join('; ') : what;
}

// Everything that is drawn again when the page changes its width or its colours.
const redraws = [];
const redrawSoon = onceAFrame(() => redraws.forEach((redraw) => redraw()));

/** Calls a function at most once a frame. */
function onceAFrame(action) {
	let isDue = false;
	return () => {
		if (isDue) return;
		isDue = true;
		requestAnimationFrame(() => { isDue = false; action(); });
	};
}

/** Buttons of which one is pressed. */
function choice(label, options, chosen, onChoose) {
	const buttons = options.map(([value, text]) => button(text, () => {
		buttons.forEach((one, k) => one.setAttribute('aria-pressed', options[k][0] === value));
		onChoose(value);
	}, { 'aria-pressed': String(value === chosen), 'data-value': value }));
	return make('div', { class: 'choice', role: 'group', 'aria-label': label },
		make('span', { class: 'label', text: label, 'aria-hidden': 'true' }), ...buttons);
}

/** A canvas with as many pixels as the screen has, and a pencil that draws in the page's units. */
function prepare(canvas) {
	const ratio = window.devicePixelRatio || 1;
	const width = canvas.clientWidth, height = canvas.clientHeight;
	if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
	if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
	const pencil = canvas.getContext('2d');
	pencil.setTransform(ratio, 0, 0, ratio, 0, 0);
	pencil.clearRect(0, 0, width, height);
	pencil.font = '12px system-ui, sans-serif';
	return { pencil, width, height, ratio };
}

/** A button that does something. */
const button = (text, onclick, more = {}) => make('button', { type: 'button', text, onclick, ...more });

/** Whether a key is the browser's. */
const isCommand = (event) => event.ctrlKey || event.metaKey || event.altKey;

/** Draws lines [from, to, …] on a canvas. */
function trace(pencil, lines, width, color) {
	pencil.lineWidth = width;
	pencil.strokeStyle = color;
	pencil.beginPath();
	for (const spots of lines) spots.forEach(([x, y], k) => (k ? pencil.lineTo(x, y) : pencil.moveTo(x, y)));
	pencil.stroke();
}

/** Where a pointer is in an element. */
function place(event, element) {
	const box = element.getBoundingClientRect();
	return [event.clientX - box.left, event.clientY - box.top];
}
