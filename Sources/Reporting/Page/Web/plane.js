// The loss on a plane: a surface and a map of every checkpoint and of their differences, on one scale, linked by a point.

class PlaneView {
	constructor(live) {
		this.live = live;
		this.planes = data.checkpoints.map(({ name, plane }, index) => ({ name, index, plane })).filter(({ plane }) => plane);
		const losses = extent(this.planes.flatMap(({ plane }) => plane.loss), (value) => value > 0);
		const lowest = extent(this.planes.flatMap(({ plane }) => plane.loss));
		this.canBeLog = Boolean(losses && lowest[0] > 0);
		// As pictures of slices have it: logarithmic where the largest value is more than 30 times the smallest.
		this.isLog = this.canBeLog && losses[1] > 30 * losses[0];
		this.quantity = 'loss';
		this.shown = this.planes.length > 1 ? 'all' : '0';
		const { alpha, beta } = this.base;
		this.pinned = [nearest(alpha, 0), nearest(beta, 0)];
		this.point = this.pinned;
		try { this.painter = new Painter(); } catch { this.painter = null; }
		this.build();
		this.renderSoon = onceAFrame(() => this.render());
		redraws.push(() => this.render());
		this.prepareFields();
	}

	get base() { return this.planes[0].plane; }
	get hasAccuracy() { return this.planes.some(({ plane }) => plane.accuracy); }
	get pairs() { return this.planes.slice(1).map((other) => [this.planes[0], other]); }

	build() {
		const views = [
			...(this.planes.length > 1 ? [['all', 'side by side']] : []),
			...this.planes.map(({ name }, k) => [String(k), name]),
			...this.pairs.map(([first, other], k) => [`d${k}`, `${other.name} − ${first.name}`]),
		];
		const tools = make('div', { class: 'tools' });
		if (views.length > 1) tools.append(choice('Show', views, this.shown, (value) => { this.shown = value; this.render(); }));
		if (this.canBeLog) {
			tools.append(choice('Scale', [['linear', 'linear'], ['log', 'logarithmic']], this.isLog ? 'log' : 'linear', (value) => {
				this.isLog = value === 'log';
				this.prepareFields();
			}));
		}
		if (this.hasAccuracy) {
			tools.append(choice('Values', [['loss', 'loss'], ['accuracy', 'accuracy']], 'loss', (value) => {
				this.quantity = value;
				this.prepareFields();
			}));
		}
		if (this.painter) {
			const view = (text, label, action) => button(text, () => { action(); this.render(); }, { 'aria-label': label });
			tools.append(make('div', { class: 'choice', role: 'group', 'aria-label': 'View' },
				view('+', 'Zoom in', () => zoomCamera(1.2)), view('−', 'Zoom out', () => zoomCamera(1 / 1.2)), view('reset', 'Reset the view', resetCamera)));
		}
		this.grid = make('div', { class: 'panels' });
		this.bars = make('div', { class: 'bars' });
		this.readout = make('div', { class: 'readout point' });
		const cuts = make('div', { class: 'columns' }, ...['alpha', 'beta'].map((axis) => (this[`${axis}Box`] = make('div', { class: 'cut' }))));
		this.live.append(tools, this.grid, this.bars, this.readout, cuts);
		if (!this.painter) this.live.prepend(make('p', { class: 'note', text: 'WebGL is off here, so there are no surfaces; the still picture shows the same numbers.' }));
		this.panels = [...this.planes.map((one, k) => this.panel(String(k), one.name)), ...this.pairs.map(([first, other], k) => this.panel(`d${k}`, `${other.name} − ${first.name}`))];
	}

	panel(key, name) {
		const title = make('h4', { text: name }), pair = make('div', { class: 'pair' });
		const box = make('div', { class: 'panel' }, title, pair);
		const see = (i, j, isPinned, isKey) => this.see(i, j, isPinned, isKey);
		const leave = () => this.leave();
		const panel = { key, name, box, title };
		if (this.painter) panel.surface = new Surface(pair, this.painter, { onPoint: see, onLeave: leave, onView: () => this.renderSoon() });
		panel.map = new HeatMap(pair, { onPoint: see, onLeave: leave });
		this.grid.append(box);
		return panel;
	}

	/** What is shown in each panel: all checkpoints on one scale, all differences on another. */
	prepareFields() {
		const isLoss = this.quantity === 'loss', isLog = isLoss && this.isLog;
		const values = ({ plane }) => plane[this.quantity] || plane.loss.map(() => null);
		const [low, high] = extent(this.planes.flatMap(values), isLog ? (value) => value > 0 : undefined) || [0, 1];
		const scale = scaleOf(low, high, isLog);
		const label = isLoss ? `loss (${data.lossName})` : 'accuracy';
		const fields = this.planes.map((one) => fieldOf(one.plane, values(one), scale, 'values', label));
		const gaps = this.pairs.map(([first, other]) => {
			const from = values(first);
			return values(other).map((value, k) => {
				if (value === null || from[k] === null || (isLog && !(value > 0 && from[k] > 0))) return null;
				return isLog ? Math.log10(value / from[k]) : value - from[k];
			});
		});
		const reach = Math.max(...(extent(gaps.flat()) || [-1, 1]).map(Math.abs)) || 1;
		const gapLabel = isLog ? 'log₁₀ of the ratio of the losses' : `difference of the ${isLoss ? 'losses' : 'accuracies'}`;
		fields.push(...gaps.map((gap, k) => fieldOf(this.pairs[k][1].plane, gap, scaleOf(-reach, reach), 'difference', gapLabel)));
		this.panels.forEach((panel, k) => { panel.field = fields[k]; });
		this.bars.replaceChildren(colorBar(fields[0]), ...(gaps.length ? [colorBar(fields.at(-1))] : []));
		this.makeCuts();
		this.render();
	}

	// The point

	see(i, j, isPinned, isKey) {
		this.point = [i, j];
		if (isPinned) this.pinned = [i, j];
		this.renderSoon();
		if (isKey) requestAnimationFrame(() => say(this.readout));
	}

	leave() {
		if (this.point === this.pinned) return;
		this.point = this.pinned;
		this.renderSoon();
	}

	// The two cuts through it

	makeCuts() {
		const isLog = this.quantity === 'loss' && this.isLog, { low, high } = this.panels[0].field.scale;
		const pad = isLog ? 0 : 0.04 * (high - low);
		for (const axis of ['alpha', 'beta']) {
			const options = {
				x: { label: axis === 'alpha' ? 'α' : 'β' },
				y: { label: this.quantity, isLog, low: isLog ? low / 1.1 : low - pad, high: isLog ? high * 1.1 : high + pad },
				height: 220, ...this.cut(axis),
				onMove: (value, isSaid) => {
					const at = nearest(this.base[axis], value);
					this.see(...(axis === 'alpha' ? [at, this.point[1]] : [this.point[0], at]), true, isSaid);
				},
			};
			const key = `${axis}Cut`;
			if (this[key]) this[key].update(options);
			else this[key] = new Chart(this[`${axis}Box`], { title: '', ...options });
		}
	}

	cut(axis) {
		const [i, j] = this.point, isAlpha = axis === 'alpha';
		const width = this.base.alpha.length;
		const list = this.base[axis];
		const series = () => this.planes.map(({ name, index, plane }) => {
			const values = plane[this.quantity] || [];
			return { name, ink: seriesInk(index), x: list, y: list.map((_, k) => values[isAlpha ? j * width + k : k * width + i] ?? null) };
		});
		return { series, cursor: list[isAlpha ? i : j] };
	}

	// Drawing

	render() {
		const { alpha, beta } = this.base, [i, j] = this.point;
		const isAlone = this.shown !== 'all';
		this.grid.classList.toggle('alone', isAlone);
		for (const panel of this.panels) {
			panel.box.hidden = isAlone && panel.key !== this.shown;
			if (panel.box.hidden) continue;
			const describe = `${panel.name}: ${panel.field.label} over the plane.`;
			if (panel.surface) panel.surface.render(panel.field, { point: this.point, describe: `Surface of ${describe}` });
			panel.map.render(panel.field, { point: this.point, describe: `Map of ${describe}` });
		}
		this.alphaCut.update(this.cut('alpha'));
		this.betaCut.update(this.cut('beta'));
		this.alphaBox.querySelector('h4').textContent = `Cut along α at β = ${words(beta[j], 4)}`;
		this.betaBox.querySelector('h4').textContent = `Cut along β at α = ${words(alpha[i], 4)}`;
		this.showPoint(alpha[i], beta[j]);
	}

	showPoint(alpha, beta) {
		const k = this.point[1] * this.base.alpha.length + this.point[0];
		const entries = this.planes.map(({ name, index, plane }) => {
			const accuracy = plane.accuracy ? `, accuracy ${percent(plane.accuracy[k])}` : '';
			const origin = plane.evaluated && plane.evaluated[k] === '0' ? ' (interpolated)' : '';
			return make('span', { class: 'entry' }, swatch({ ink: seriesInk(index) }),
				make('span', { text: `${name}: loss ${words(plane.loss[k])}${accuracy}${origin}` }));
		});
		const gaps = this.pairs.map(([first, other]) => {
			const [a, b] = [first.plane.loss[k], other.plane.loss[k]];
			return make('span', { class: 'entry', text: `${other.name} − ${first.name}: ${a === null || b === null ? 'not finite' : words(b - a)}` });
		});
		this.readout.replaceChildren(make('strong', { text: `α = ${words(alpha, 4)}, β = ${words(beta, 4)}` }), ...entries, ...gaps);
	}
}
