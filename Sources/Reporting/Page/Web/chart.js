// Lines over a common axis, with a cursor that a pointer or the arrow keys move.

/**
 * A chart of series {name, x, y, ink, dash, low, high, marks, label}. `marks` draws signs at the points in place of a line;
 * `label(i)` says what stands for point i.
 *
 * `options`: title, x and y {label, isLog, low, high}, series() with the colours of now, stops (places of the cursor for the keyboard), cursor, height,
 * onMove(x) for a cursor that others follow.
 */
class Chart {
	constructor(box, options) {
		this.box = box;
		this.options = options;
		this.cursor = options.cursor ?? null;
		this.readout = make('div', { class: 'readout' });
		this.svg = draw('svg', { class: 'chart', tabindex: 0, role: 'application' });
		this.svg.addEventListener('pointermove', (event) => this.follow(event));
		this.svg.addEventListener('pointerdown', (event) => this.follow(event));
		this.svg.addEventListener('keydown', (event) => this.step(event));
		box.append(make('h4', { text: options.title }), this.svg, this.readout);
		redraws.push(() => this.render());
	}

	update(options) {
		Object.assign(this.options, options);
		if ('cursor' in options) this.cursor = options.cursor;
		this.render();
	}

	scales() {
		const { series, options: { x, y } } = this;
		const range = (axis, values) => {
			const found = extent(values, axis.isLog ? (value) => value > 0 : undefined) || [axis.isLog ? 0.1 : 0, 1];
			const pad = axis.isLog ? [found[0] / 1.15, found[1] * 1.15] : [found[0] - 0.04 * (found[1] - found[0]), found[1] + 0.04 * (found[1] - found[0])];
			if (pad[0] === pad[1]) { pad[0] -= Math.abs(pad[0]) * 0.1 || 1; pad[1] += Math.abs(pad[1]) * 0.1 || 1; }
			return [axis.low ?? pad[0], axis.high ?? pad[1]];
		};
		const ys = series.flatMap((one) => [...one.y, ...(one.low || []), ...(one.high || [])]);
		const xRange = extent(series.flatMap((one) => one.x), x.isLog ? (value) => value > 0 : undefined) || [0, 1];
		return [
			scaleOf(x.low ?? (x.isLog ? xRange[0] / 1.15 : xRange[0]), x.high ?? (x.isLog ? xRange[1] * 1.15 : xRange[1]), x.isLog),
			scaleOf(...range(y, ys), y.isLog),
		];
	}

	render() {
		const { options } = this;
		this.series = options.series();
		const width = Math.max(this.box.clientWidth, 240), height = options.height || 270;
		const [x, y] = this.scales();
		const yTicks = ticksOf(y, 5);
		const left = 22 + 7 * Math.max(...yTicks.map((tick) => tickWords(tick).length), 2) + 6;
		const frame = { left, top: 8, right: width - 12, bottom: height - 40 };
		this.frame = frame;
		const px = (value) => frame.left + x(value) * (frame.right - frame.left);
		const py = (value) => frame.bottom - y(value) * (frame.bottom - frame.top);
		Object.assign(this, { px, py, xScale: x });
		this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
		this.svg.setAttribute('width', width);
		this.svg.setAttribute('height', height);
		this.svg.replaceChildren(
			...this.axes(frame, x, y, yTicks, width, height),
			...this.series.map((one) => this.line(one, frame)),
			(this.overlay = draw('g')));
		this.showCursor();
	}

	axes(frame, x, y, yTicks, width, height) {
		const { options, px, py } = this, center = (frame.top + frame.bottom) / 2;
		const parts = yTicks.map((tick) => draw('g', {},
			draw('path', { d: `M${frame.left} ${py(tick)}H${frame.right}`, class: 'grid' }),
			label(frame.left - 6, py(tick) + 4, tickWords(tick), 'end')));
		parts.push(...ticksOf(x, width < 420 ? 4 : 6).map((tick) => draw('g', {},
			draw('path', { d: `M${px(tick)} ${frame.bottom}v4`, class: 'axis' }),
			label(px(tick), frame.bottom + 17, tickWords(tick)))));
		parts.push(
			draw('path', { d: `M${frame.left} ${frame.bottom}H${frame.right}`, class: 'axis' }),
			label((frame.left + frame.right) / 2, height - 6, options.x.label, 'middle', { class: 'name' }),
			label(12, center, options.y.label, 'middle', { class: 'name', transform: `rotate(-90 12 ${center})` }));
		return parts;
	}

	line(one, frame) {
		const { px, py } = this;
		const group = draw('g');
		const isSeen = (i) => Number.isFinite(px(one.x[i])) && one.y[i] !== null && Number.isFinite(py(one.y[i]));
		if (one.low) group.append(this.band(one, isSeen, frame));
		if (!one.marks) {
			let path = '', isDrawing = false;
			for (let i = 0; i < one.x.length; i++) {
				if (isSeen(i) && py(one.y[i]) <= frame.bottom + 1) {
					path += `${isDrawing ? 'L' : 'M'}${px(one.x[i]).toFixed(1)} ${py(one.y[i]).toFixed(1)}`;
					isDrawing = true;
				} else isDrawing = false;
			}
			group.append(draw('path', { d: path, fill: 'none', stroke: one.ink, 'stroke-width': 2, 'stroke-linejoin': 'round', 'stroke-dasharray': one.dash }));
		}
		if (one.marks || one.signs) {
			for (let i = 0; i < one.x.length; i++) if (isSeen(i)) group.append(sign(one.sign, px(one.x[i]), py(one.y[i]), one.ink));
		}
		return group;
	}

	/** The range around a line: a shape for every piece without a gap, or bars. */
	band(one, isSeen, frame) {
		const { px, py } = this;
		const edge = (value) => clamp(isNaN(py(value)) ? frame.bottom : py(value), frame.top, frame.bottom);
		let shape = '', top = [], bottom = [];
		for (let i = 0; i <= one.x.length; i++) {
			if (i < one.x.length && isSeen(i) && one.low[i] !== null && one.high[i] !== null) {
				const x = px(one.x[i]), [low, high] = [edge(one.low[i]), edge(one.high[i])];
				if (one.isBars) shape += `M${x} ${low}V${high}m-4 0h8M${x - 4} ${low}h8`;
				top.push(`${x} ${high}`);
				bottom.unshift(`${x} ${low}`);
			} else {
				if (!one.isBars && top.length > 1) shape += `M${top.join('L')}L${bottom.join('L')}Z`;
				[top, bottom] = [[], []];
			}
		}
		return draw('path', one.isBars ? { d: shape, stroke: one.ink, fill: 'none' } : { d: shape, fill: one.ink, opacity: 0.16 });
	}

	follow(event) {
		const [at] = place(event, this.svg);
		const scaled = at * (this.svg.viewBox.baseVal.width / this.svg.clientWidth);
		const share = clamp((scaled - this.frame.left) / (this.frame.right - this.frame.left), 0, 1);
		this.move(this.xScale.inverse(share), false);
	}

	stops() {
		return this.options.stops || [...new Set(this.series.flatMap((one) => one.x))].sort((a, b) => a - b);
	}

	step(event) {
		const stops = this.stops(), now = this.cursor === null ? 0 : nearest(stops, this.cursor);
		const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: stops.length - 1 }[event.key];
		if (next === undefined || isCommand(event)) return;
		event.preventDefault();
		this.move(stops[clamp(next, 0, stops.length - 1)], true);
	}

	move(value, isSaid) {
		this.cursor = value;
		if (this.options.onMove) this.options.onMove(value, isSaid);
		else this.showCursor();
		if (isSaid) say(this.readout);
	}

	/** Lines and points at the cursor, and what they stand for. */
	showCursor() {
		const { options, px, py, frame, cursor } = this;
		this.overlay.replaceChildren();
		const rows = [];
		let at = cursor;
		for (const one of this.series) {
			if (!one.x.length) continue;
			const i = nearest(one.x, cursor ?? one.x[0]);
			if (cursor !== null) {
				const isNear = Math.abs(px(one.x[i]) - px(cursor)) < 14;
				if (one.marks && !isNear) continue;
				if (Number.isFinite(py(one.y[i]))) this.overlay.append(draw('circle', { cx: px(one.x[i]), cy: py(one.y[i]), r: 4.5, fill: one.ink, class: 'spot' }));
				if (!one.marks && at === cursor) at = one.x[i];
			}
			rows.push(make('span', { class: 'entry' }, swatch(one),
				make('span', { text: cursor === null ? one.name : `${one.name} ${one.label ? one.label(i) : words(one.y[i])}` })));
		}
		if (cursor !== null) this.overlay.prepend(draw('path', { d: `M${px(cursor)} ${frame.top}V${frame.bottom}`, class: 'cursor' }));
		const head = cursor === null ? [] : [make('strong', { text: `${options.x.short || options.x.label} = ${words(at, 4)}` })];
		this.readout.replaceChildren(...head, ...rows);
		this.svg.setAttribute('aria-label', `${options.title}. ${this.box.closest('figure').dataset.words} Left and right arrow keys move the cursor.`);
	}
}

/** A sign at a point; each checkpoint has another, for those who do not tell the colours apart. */
function sign(kind = 0, x, y, color) {
	const shapes = ['M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z', 'M-4-4H4V4H-4Z', 'M0-5L5 4H-5Z', 'M0-5.5L5 0L0 5.5L-5 0Z', 'M-5-4H5L0 5Z'];
	return draw('path', { d: shapes[kind % shapes.length], transform: `translate(${x} ${y})`, fill: color });
}

/** A piece of a series' line for the key. */
function swatch(one) {
	const line = one.marks ? [] : [draw('path', { d: 'M1 6H25', stroke: one.ink, 'stroke-width': 2, 'stroke-dasharray': one.dash })];
	const signs = one.marks || one.signs ? [sign(one.sign, 13, 6, one.ink)] : [];
	return draw('svg', { width: 26, height: 12, class: 'swatch', 'aria-hidden': 'true' }, ...line, ...signs);
}
