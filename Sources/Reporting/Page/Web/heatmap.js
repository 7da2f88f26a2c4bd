// Values over a plane as colours, with lines of equal value, and a point that a pointer or the arrow keys move.

class HeatMap {
	/** `onPoint(i, j, isPinned)` is told of the point under the pointer; `onLeave()` when there is none any more. */
	constructor(box, { onPoint, onLeave, xLabel = 'α', yLabel = 'β' }) {
		Object.assign(this, { onPoint, xLabel, yLabel });
		this.canvas = make('canvas', { class: 'map', tabindex: 0, role: 'application' });
		box.append(this.canvas);
		this.canvas.addEventListener('pointermove', (event) => this.follow(event, false));
		this.canvas.addEventListener('click', (event) => this.follow(event, true));
		this.canvas.addEventListener('pointerleave', () => onLeave && onLeave());
		this.canvas.addEventListener('keydown', (event) => this.step(event));
	}

	get frame() {
		return { left: 46, top: 8, right: this.canvas.clientWidth - 10, bottom: this.canvas.clientHeight - 36 };
	}

	across(alpha) {
		const { left, right } = this.frame, list = this.field.alpha;
		return left + ((alpha - list[0]) / (list.at(-1) - list[0])) * (right - left);
	}

	up(beta) {
		const { top, bottom } = this.frame, list = this.field.beta;
		return bottom - ((beta - list[0]) / (list.at(-1) - list[0])) * (bottom - top);
	}

	follow(event, isPinned) {
		const [x, y] = place(event, this.canvas), { left, right, top, bottom } = this.frame;
		const { alpha, beta } = this.field;
		const share = (value, list) => list[0] + clamp(value, 0, 1) * (list.at(-1) - list[0]);
		this.onPoint(
			nearest(alpha, share((x - left) / (right - left), alpha)),
			nearest(beta, share((bottom - y) / (bottom - top), beta)), isPinned);
	}

	step(event) {
		const [i, j] = this.point || [0, 0];
		const by = event.shiftKey ? 5 : 1;
		const next = {
			ArrowLeft: [i - by, j], ArrowRight: [i + by, j], ArrowUp: [i, j + by], ArrowDown: [i, j - by],
			Home: [nearest(this.field.alpha, 0), nearest(this.field.beta, 0)],
		}[event.key];
		if (!next || isCommand(event)) return;
		event.preventDefault();
		this.onPoint(clamp(next[0], 0, this.field.alpha.length - 1), clamp(next[1], 0, this.field.beta.length - 1), true, true);
	}

	/** Draws a field; `point` is where the cross is, `path` a list of [x, y, isPast]. */
	render(field, { point, path, describe }) {
		const isOther = this.field !== field;
		Object.assign(this, { field, point });
		const { pencil, ratio } = prepare(this.canvas), frame = this.frame;
		const size = `${this.canvas.width} ${this.canvas.height}`;
		if (isOther || this.size !== size) {
			this.image = colored(field, Math.round((frame.right - frame.left) * ratio), Math.round((frame.bottom - frame.top) * ratio));
			this.size = size;
		}
		pencil.drawImage(this.image, frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
		this.contours(pencil);
		this.axes(pencil, frame);
		this.mark(pencil, 0, 0, false);
		if (path) this.walk(pencil, path);
		if (point) this.cross(pencil, frame, field.alpha[point[0]], field.beta[point[1]]);
		this.canvas.setAttribute('aria-label', `${describe} Arrow keys move the point, Home takes it to the checkpoint.`);
	}

	contours(pencil) {
		const lines = contourLines(this.field).map((line) => line.map(([x, y]) => [this.across(x), this.up(y)]));
		trace(pencil, lines, 0.8, 'rgba(0, 0, 0, 0.32)');
	}

	axes(pencil, frame) {
		const { alpha, beta } = this.field;
		pencil.fillStyle = pencil.strokeStyle = ink('muted');
		pencil.lineWidth = 1;
		pencil.strokeRect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
		pencil.textAlign = 'center';
		for (const tick of ticksOf(scaleOf(alpha[0], alpha.at(-1)), 4)) pencil.fillText(tickWords(tick), this.across(tick), frame.bottom + 15);
		pencil.fillText(this.xLabel, (frame.left + frame.right) / 2, frame.bottom + 31);
		pencil.textAlign = 'right';
		for (const tick of ticksOf(scaleOf(beta[0], beta.at(-1)), 4)) pencil.fillText(tickWords(tick), frame.left - 5, this.up(tick) + 4);
		pencil.save();
		pencil.translate(12, (frame.top + frame.bottom) / 2);
		pencil.rotate(-Math.PI / 2);
		pencil.textAlign = 'center';
		pencil.fillText(this.yLabel, 0, 0);
		pencil.restore();
	}

	/** A sign that is seen on any colour. */
	mark(pencil, alpha, beta, isRing) {
		const x = this.across(alpha), y = this.up(beta);
		for (const [width, color] of [[4, 'rgba(255, 255, 255, 0.9)'], [1.8, '#000']]) {
			trace(pencil, isRing ? [] : [[[x - 5, y], [x + 5, y]], [[x, y - 5], [x, y + 5]]], width, color);
			if (!isRing) continue;
			pencil.arc(x, y, 5, 0, 2 * Math.PI);
			pencil.stroke();
		}
	}

	cross(pencil, frame, alpha, beta) {
		const x = this.across(alpha), y = this.up(beta);
		for (const [width, color] of [[2, 'rgba(255, 255, 255, 0.45)'], [1, 'rgba(0, 0, 0, 0.7)']]) {
			trace(pencil, [[[frame.left, y], [frame.right, y]], [[x, frame.top], [x, frame.bottom]]], width, color);
		}
		this.mark(pencil, alpha, beta, true);
	}

	/** The checkpoints of a training; those to come are faint. */
	walk(pencil, path) {
		const spots = path.map(([x, y, isPast]) => [this.across(x), this.up(y), isPast]);
		for (const [width, color] of [[5, 'rgba(0, 0, 0, 0.55)'], [2.2, '#ffb07c']]) {
			pencil.fillStyle = color;
			for (let i = 0; i < spots.length; i++) {
				pencil.globalAlpha = spots[i][2] ? 1 : 0.3;
				if (i > 0) trace(pencil, [[spots[i - 1], spots[i]]], width, color);
				pencil.beginPath();
				pencil.arc(spots[i][0], spots[i][1], width === 5 ? 4.5 : 3, 0, 2 * Math.PI);
				pencil.fill();
			}
		}
		pencil.globalAlpha = 1;
	}
}

/** Cells of a grid between its points: columns, rows, and the four shares at the corners. */
function cellOf(field, column, row) {
	const width = field.alpha.length, at = row * width + column;
	return [field.shares[at], field.shares[at + 1], field.shares[at + width], field.shares[at + width + 1]];
}

/** For every pixel of an axis the cell it is in and how far along. */
function places(list, count) {
	const result = [];
	let k = 0;
	for (let p = 0; p < count; p++) {
		const value = list[0] + ((p + 0.5) / count) * (list.at(-1) - list[0]);
		while (k < list.length - 2 && value > list[k + 1]) k++;
		result.push([k, (value - list[k]) / (list[k + 1] - list[k])]);
	}
	return result;
}

/** A field as a picture: between points linear, hatched where a corner is not finite. */
function colored(field, width, height) {
	const canvas = make('canvas', { width: Math.max(width, 1), height: Math.max(height, 1) });
	const pencil = canvas.getContext('2d'), image = pencil.createImageData(canvas.width, canvas.height);
	const table = colorTable(field.colors), columns = places(field.alpha, canvas.width), rows = places(field.beta, canvas.height);
	for (let y = 0; y < canvas.height; y++) {
		const [row, v] = rows[canvas.height - 1 - y];
		for (let x = 0; x < canvas.width; x++) {
			const [column, u] = columns[x], [a, b, c, d] = cellOf(field, column, row);
			const share = (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d);
			const at = 4 * (y * canvas.width + x);
			if (isNaN(share)) image.data.set((x + y) % 12 < 3 ? [90, 90, 90, 255] : [200, 200, 200, 255], at);
			else image.data.set(table.subarray(4 * Math.round(255 * share), 4 * Math.round(255 * share) + 4), at);
		}
	}
	pencil.putImageData(image, 0, 0);
	return canvas;
}

/** Pieces of lines of equal value, by marching squares. */
function contourLines(field) {
	if (field.lines) return field.lines;
	const lines = [], { alpha, beta } = field;
	for (let j = 0; j + 1 < beta.length; j++) {
		for (let i = 0; i + 1 < alpha.length; i++) {
			const [a, b, c, d] = cellOf(field, i, j);
			if (isNaN(a + b + c + d)) continue;
			for (let k = 1; k < contourCount; k++) {
				const level = k / contourCount, spots = [];
				const edge = (from, to, spot) => {
					if (from < level !== to < level) spots.push(spot((level - from) / (to - from)));
				};
				const [x, y] = [(u) => alpha[i] + u * (alpha[i + 1] - alpha[i]), (v) => beta[j] + v * (beta[j + 1] - beta[j])];
				edge(a, b, (u) => [x(u), beta[j]]);
				edge(b, d, (v) => [alpha[i + 1], y(v)]);
				edge(c, d, (u) => [x(u), beta[j + 1]]);
				edge(a, c, (v) => [alpha[i], y(v)]);
				for (let s = 0; s + 1 < spots.length; s += 2) lines.push([spots[s], spots[s + 1]]);
			}
		}
	}
	field.lines = lines;
	return lines;
}
