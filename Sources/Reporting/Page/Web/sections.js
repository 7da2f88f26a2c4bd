// The other figures, and what begins it all.

const checkpoints = data.checkpoints;

/** A series of checkpoint k. */
const curve = (k, name, x, y, more = {}) => ({ name, x, y, ink: seriesInk(k), ...more });

function lineView(live) {
	const known = checkpoints.map(({ name, line }, k) => ({ name, k, ...line })).filter(({ loss }) => loss);
	const of = (name, k, alpha, loss, accuracy, dash) => curve(k, name, alpha, loss, { dash, label: (i) => lossWords(loss[i], accuracy && accuracy[i]) });
	const series = () => known.flatMap(({ name, k, alpha, loss, accuracy, otherSplit, otherLoss, otherAccuracy }) => [
		of(`${name}, ${data.split}`, k, alpha, loss, accuracy),
		...(otherLoss ? [of(`${name}, ${otherSplit}`, k, alpha, otherLoss, otherAccuracy, '6 4')] : []),
	]);
	const chart = new Chart(live, {
		title: 'Loss along one direction', x: { label: 'α' }, y: { label: `loss (${data.lossName})` },
		series, height: 320, cursor: 0,
	});
	if (series().every(({ y }) => y.every((value) => value === null || value > 0))) {
		live.prepend(make('div', { class: 'tools' }, choice('Scale', [['linear', 'linear'], ['log', 'logarithmic']], 'linear', (value) => {
			chart.update({ y: { ...chart.options.y, isLog: value === 'log' } });
		})));
	}
}

const lossWords = (loss, accuracy) => words(loss) + (accuracy === null || accuracy === undefined ? '' : `, accuracy ${percent(accuracy)}`);

function sharpnessView(live) {
	const points = checkpoints.map(({ sharpness }) => sharpness);
	const radii = points[0].map(({ rho }) => rho);
	let at = nearest(radii, data.radius);
	const slider = make('input', { type: 'range', min: 0, max: radii.length - 1, step: 1, value: at, id: 'rho' });
	const shown = make('output', { for: 'rho' });
	live.append(make('div', { class: 'tools' }, make('label', { for: 'rho', text: 'ρ' }), slider, shown));
	const columns = make('div', { class: 'columns' });
	const table = make('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Values at this ρ' });
	live.append(columns, table);

	const part = (title, label, key, others) => new Chart(columns.appendChild(make('div')), {
		title, x: { label, short: 'ρ', isLog: true }, y: { label: 'rise of the loss', isLog: true },
		series: () => checkpoints.map(({ name, sharpness }, k) => ({
			name, x: radii, y: sharpness.map((point) => point[key]), ink: seriesInk(k), signs: true, sign: k, ...others(sharpness),
		})),
		stops: radii, cursor: radii[at], height: 300, onMove: (value) => show(nearest(radii.map(Math.log), Math.log(value))),
	});
	const charts = [
		part('Worst case, at least', 'ρ, radius of the ball', 'bound', () => ({})),
		part('Average case, 95 % interval', 'ρ, deviation of each weight', 'average', (sharpness) => ({
			isBars: true, low: sharpness.map(({ interval }) => interval && interval[0]), high: sharpness.map(({ interval }) => interval && interval[1]),
		})),
	];

	function show(next) {
		at = next;
		slider.value = at;
		const text = `ρ = ${words(radii[at], 4)}`;
		shown.textContent = text;
		slider.setAttribute('aria-valuetext', text);
		for (const chart of charts) chart.update({ cursor: radii[at] });
		const head = ['checkpoint', 'worst case ≥', 'one step', 'estimate', 'quadratic model', 'average case', '95 % interval'];
		const rows = checkpoints.map(({ name, sharpness }) => {
			const { bound, oneStep, estimate, quadratic, average, interval } = sharpness[at];
			const cells = [bound, oneStep, estimate, quadratic, average].map((value) => (value === null ? '–' : words(value)));
			return make('tr', {}, make('th', { scope: 'row', text: name }), ...cells.map((text) => make('td', { class: 'number', text })),
				make('td', { class: 'number', text: interval ? `${words(interval[0], 3)} to ${words(interval[1], 3)}` : '–' }));
		});
		table.replaceChildren(make('table', {}, make('thead', {}, make('tr', {}, ...head.map((text) => make('th', { scope: 'col', text })))), make('tbody', {}, ...rows)));
	}
	slider.addEventListener('input', () => show(Number(slider.value)));
	show(at);
}

function spectrumView(live) {
	const known = checkpoints.map(({ name, spectrum }, k) => ({ name, k, ...spectrum })).filter(({ density }) => density);
	const [, most] = extent(known.flatMap(({ density }) => density)) || [0, 1];
	const floor = Math.min(...known.map(({ dimension, sigma }) => Math.max(1e-9 * most, 0.02 / (dimension * sigma))));
	const series = () => [
		...known.map(({ name, k, x, density, low, high }) => curve(k, `${name}, density`, x, density.map((value) => (value < floor ? null : value)), { label: (i) => words(density[i]), low: low.map((value) => Math.max(value, floor)), high: high.map((value, i) => (density[i] < floor ? null : value)) })),
		...known.map(({ name, k, values, residuals }) => curve(k, `${name}, eigenvalues`, values, values.map(() => floor * 1.5 ** (2 * k + 1)), {
			marks: true, sign: k, label: (i) => `λ${i + 1} = ${words(values[i])}, residual ${words(residuals[i], 3)}`,
		})),
	];
	const stops = [...new Set(known.flatMap(({ values }) => values))].sort((a, b) => a - b);
	new Chart(live, {
		title: 'Spectral density, and the largest eigenvalues', x: { label: 'eigenvalue λ', short: 'λ' },
		y: { label: 'density', isLog: true, low: floor / 2, high: 3 * most }, series, stops, height: 340,
	});
}

function historyView(live) {
	const series = () => checkpoints.flatMap(({ name, history }, k) => {
		const of = (split, dash) => curve(k, `${name}, ${split}`, history.map(({ epoch }) => epoch), history.map((epoch) => epoch[split]), { dash });
		return history.length > 1 ? [of('train'), ...(history.some(({ test }) => test !== null) ? [of('test', '6 4')] : [])] : [];
	});
	new Chart(live, { title: 'Loss during training', x: { label: 'epoch' }, y: { label: 'loss' }, series, height: 280 });
}

/** The checkpoints of a training one after another, over the loss in their plane. */
function pathView(live, figure) {
	const index = Number(figure.dataset.index), { name, path } = checkpoints[index];
	const { points } = path, id = `step-${index}`;
	let at = points.length - 1, timer = null, seen = null;
	const values = extent(path.loss, (value) => value > 0) || [0, 1];
	const isLog = Boolean(extent(path.loss)) && extent(path.loss)[0] > 0 && values[1] > 30 * values[0];
	const field = fieldOf(path, path.loss, scaleOf(...(isLog ? values : extent(path.loss) || [0, 1]), isLog), 'values', `loss (${data.lossName})`);
	const share = (k) => (path.variance[k] === undefined ? '' : `, ${percent(path.variance[k])}`);

	const play = button('Play', () => (timer ? stop() : start()));
	const slider = make('input', { type: 'range', min: 0, max: points.length - 1, step: 1, value: at, id });
	const shown = make('output', { for: id });
	const mapBox = make('div', { class: 'path-map' }), chartBox = make('div');
	const readout = make('div', { class: 'readout' });
	live.append(make('div', { class: 'tools' }, play, make('label', { for: id, text: 'checkpoint' }), slider, shown),
		make('div', { class: 'columns' }, mapBox, chartBox), readout);
	const map = new HeatMap(mapBox, {
		onPoint: (i, j) => { seen = [i, j]; show(at); }, onLeave: () => { seen = null; show(at); },
		xLabel: `principal axis 1${share(0)}`, yLabel: `principal axis 2${share(1)}`,
	});
	mapBox.append(colorBar(field));
	const steps = points.map(({ step }) => step);
	const series = () => [
		{ name: 'loss', x: steps, y: points.map(({ loss }) => loss), ink: seriesInk(index), signs: true, sign: index },
		{ name: 'where it falls in the plane', x: steps, y: points.map(({ planeLoss }) => planeLoss), ink: ink('muted'), dash: '6 4' },
	];
	const chart = new Chart(chartBox, {
		title: 'Loss of the checkpoints', x: { label: 'step' }, y: { label: 'loss', isLog }, series, height: 400,
		onMove: (value) => { stop(); show(nearest(steps, value)); },
	});

	function show(next) {
		at = next;
		slider.value = at;
		const point = points[at];
		shown.textContent = `step ${point.step}`;
		slider.setAttribute('aria-valuetext', shown.textContent);
		map.render(field, { point: seen, path: points.map(({ x, y }, k) => [x, y, k <= at]), describe: `${name}: path of the training over the loss in its principal plane.` });
		chart.update({ cursor: steps[at] });
		const accuracy = point.accuracy === null ? '' : `, accuracy ${percent(point.accuracy)}`;
		const text = [`step ${point.step}, epoch ${point.epoch}: loss ${words(point.loss)}${accuracy}; in the plane ${words(point.planeLoss)}; ${words(point.off, 3)} away from the plane, ${words(point.distance, 3)} from the end`];
		if (seen) text.push(`pointer at (${words(path.alpha[seen[0]], 3)}, ${words(path.beta[seen[1]], 3)}): loss ${words(path.loss[seen[1] * path.alpha.length + seen[0]])}`);
		readout.replaceChildren(...text.map((line) => make('span', { class: 'entry', text: line })));
	}
	function start() {
		if (at === points.length - 1) show(0);
		play.textContent = 'Pause';
		timer = setInterval(() => (at < points.length - 1 ? show(at + 1) : stop()), 450);
	}
	function stop() {
		clearInterval(timer);
		timer = null;
		play.textContent = 'Play';
	}
	slider.addEventListener('input', () => { stop(); show(Number(slider.value)); });
	show(at);
	redraws.push(() => show(at));
}

/** Replaces the still picture of every figure by one that moves; a button brings it back. */
function begin() {
	const views = {
		plane: (live) => new PlaneView(live),
		line: lineView, sharpness: sharpnessView, spectrum: spectrumView, history: historyView, path: pathView,
	};
	for (const figure of document.querySelectorAll('figure.shown')) {
		const [live, still] = [figure.querySelector('.live'), figure.querySelector('.still')];
		live.hidden = false;
		views[figure.dataset.kind](live, figure);
		still.classList.add('replaced');
		const toggle = button('Still picture', () => {
			const isStill = still.classList.toggle('replaced') === false;
			live.hidden = isStill;
			toggle.setAttribute('aria-pressed', String(isStill));
			redrawSoon();
		}, { class: 'toggle', 'aria-pressed': 'false' });
		figure.querySelector('figcaption').append(' ', toggle);
	}
	for (const one of document.querySelectorAll('button.copy')) one.addEventListener('click', () => copy(one));
	document.documentElement.classList.add('scripted');
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawSoon);
	let width = document.body.clientWidth;
	new ResizeObserver(() => {
		if (document.body.clientWidth !== width) { width = document.body.clientWidth; redrawSoon(); }
	}).observe(document.body);
	redrawSoon();
}

async function copy(origin) {
	const code = origin.parentElement.querySelector('code');
	let isDone = false;
	try {
		await navigator.clipboard.writeText(code.textContent);
		isDone = true;
	} catch {
		getSelection().selectAllChildren(code);
		isDone = document.execCommand('copy');
	}
	origin.textContent = isDone ? 'Copied' : 'Selected';
	say(isDone ? 'The command is copied.' : 'The command is selected.');
	setTimeout(() => { origin.textContent = 'Copy'; }, 1500);
}

begin();
