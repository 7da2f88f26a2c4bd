// Scales, ticks and colours.

/** A scale from [low, high] to [0, 1]; logarithmic if wanted. Values outside stay outside, other than numbers are NaN. */
function scaleOf(low, high, isLog = false) {
	const by = isLog ? Math.log10 : (x) => x;
	const from = by(low), size = by(high) - from || 1;
	const scale = (value) => (value === null || (isLog && !(value > 0)) ? NaN : (by(value) - from) / size);
	scale.inverse = (share) => (isLog ? 10 ** (from + share * size) : from + share * size);
	return Object.assign(scale, { low, high, isLog });
}

/** Round numbers within a scale, about as many as wanted. */
function ticksOf(scale, count = 5) {
	const { low, high, isLog } = scale;
	if (!(high > low)) return [low];
	if (isLog && high / low > 5) {
		const ticks = [], from = Math.floor(Math.log10(low)), to = Math.ceil(Math.log10(high));
		const every = Math.max(1, Math.ceil((to - from) / count));
		const span = Math.log10(high / low), steps = span <= 1.5 ? [1, 2, 5] : span <= 3 ? [1, 3] : [1];
		for (let power = from; power <= to; power += every) {
			for (const step of steps) ticks.push(step * 10 ** power);
		}
		return ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
	}
	const rough = (high - low) / count, unit = 10 ** Math.floor(Math.log10(rough));
	const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough * 0.999);
	const ticks = [];
	for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(Number((i * step).toPrecision(12)));
	return ticks;
}

const tickWords = (value) => words(value, 4);

const colorTables = {};

/** 256 colours of a map, four bytes each; `data` has ends and colours between them. */
function colorTable(name) {
	if (colorTables[name]) return colorTables[name];
	const stops = data.colorMaps[name].map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
	const table = new Uint8ClampedArray(4 * 256);
	for (let i = 0; i < 256; i++) {
		const at = (i / 255) * (stops.length - 1), k = Math.min(Math.floor(at), stops.length - 2);
		for (let c = 0; c < 3; c++) table[4 * i + c] = stops[k][c] + (at - k) * (stops[k + 1][c] - stops[k][c]);
		table[4 * i + 3] = 255;
	}
	colorTables[name] = table;
	return table;
}

/** How many lines of equal value a field gets. */
const contourCount = 12;

/**
 * Values on a grid as they are shown: `shares` are their places on a scale from 0 to 1, NaN where a value is not finite.
 * Values lie row by row (row = β).
 */
function fieldOf(plane, values, scale, colors, label) {
	const shares = Float32Array.from(values, (value) => {
		const share = value === null ? NaN : scale(value);
		return Number.isFinite(share) ? clamp(share, 0, 1) : NaN;
	});
	return { alpha: plane.alpha, beta: plane.beta, values, shares, scale, colors, label };
}

/** Words in a picture. */
const label = (x, y, text, anchor = 'middle', more = {}) => draw('text', { x, y, text, 'text-anchor': anchor, ...more });

/** The strip of colours with its numbers. */
function colorBar(field) {
	const table = colorTable(field.colors), id = `strip-${field.colors}-${colorBar.count = (colorBar.count || 0) + 1}`;
	const stops = [], name = field.label + (field.scale.isLog ? ', logarithmic' : '');
	for (let i = 0; i <= 16; i++) {
		const at = Math.round((i / 16) * 255) * 4;
		stops.push(draw('stop', { offset: i / 16, 'stop-color': `rgb(${table[at]},${table[at + 1]},${table[at + 2]})` }));
	}
	const ticks = ticksOf(field.scale, 5).map((tick) => {
		const x = 10 + 280 * field.scale(tick);
		return draw('g', {}, draw('path', { d: `M${x} 14v4`, class: 'axis' }),
			label(x, 30, tickWords(tick)));
	});
	return draw('svg', { viewBox: '0 0 300 50', width: 300, height: 50, class: 'bar', role: 'img', 'aria-label': `Colours: ${name} from ${tickWords(field.scale.low)} to ${tickWords(field.scale.high)}` },
		draw('defs', {}, draw('linearGradient', { id }, ...stops)),
		draw('rect', { x: 10, y: 2, width: 280, height: 12, fill: `url(#${id})` }), ...ticks,
		label(150, 46, name));
}
