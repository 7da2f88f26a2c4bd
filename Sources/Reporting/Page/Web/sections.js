// The other figures, and what begins it all.

const checkpoints = data.checkpoints;

function lineView(figure, live) {
    const series = checkpoints.flatMap(({ name, line }, k) => (line ? [
        { name: `${name}, ${data.split}`, x: line.alpha, y: line.loss, ink: seriesInk(k), label: (i) => lossWords(line.loss[i], line.accuracy && line.accuracy[i]) },
        ...(line.otherLoss ? [{ name: `${name}, ${line.otherSplit}`, x: line.alpha, y: line.otherLoss, dash: '6 4', ink: seriesInk(k), label: (i) => lossWords(line.otherLoss[i], line.otherAccuracy && line.otherAccuracy[i]) }] : []),
    ] : []));
    const isPositive = series.every((one) => one.y.every((value) => value === null || value > 0));
    const chart = new Chart(live, {
        title: 'Loss along one direction', words: figure.dataset.words, x: { label: 'α' }, y: { label: `loss (${data.lossName})` },
        series, height: 320, cursor: 0,
    });
    if (isPositive) {
        live.prepend(make('div', { class: 'tools' }, choice('Scale', [['linear', 'linear'], ['log', 'logarithmic']], 'linear', (value) => {
            chart.update({ y: { ...chart.options.y, isLog: value === 'log' } });
        })));
    }
    return () => chart.update({ series: series.map((one, i) => ({ ...one, ink: seriesInk(seriesOwner(series, i)) })) });
}

const lossWords = (loss, accuracy) => words(loss) + (accuracy === null || accuracy === undefined ? '' : `, accuracy ${percent(accuracy)}`);

/** Which checkpoint a series is of. */
const seriesOwner = (series, i) => checkpoints.findIndex(({ name }) => series[i].name === name || series[i].name.startsWith(`${name}, `));

function sharpnessView(figure, live) {
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
        title, words: figure.dataset.words, x: { label, short: 'ρ', isLog: true }, y: { label: 'rise of the loss', isLog: true },
        series: checkpoints.map(({ name, sharpness }, k) => ({
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
    return () => { for (const chart of charts) chart.update({ series: chart.options.series.map((one, k) => ({ ...one, ink: seriesInk(k) })) }); };
}

function spectrumView(figure, live) {
    const known = checkpoints.map(({ name, spectrum }, k) => ({ name, k, ...spectrum })).filter(({ density }) => density);
    const [, most] = extent(known.flatMap(({ density }) => density)) || [0, 1];
    const floor = Math.min(...known.map(({ dimension, sigma }) => Math.max(1e-9 * most, 0.02 / (dimension * sigma))));
    const series = () => [
        ...known.map(({ name, k, x, density, low, high }) => ({ name: `${name}, density`, x, y: density.map((value) => (value < floor ? null : value)), low: low.map((value) => Math.max(value, floor)), high, ink: seriesInk(k) })),
        ...known.map(({ name, k, values, residuals }) => ({
            name: `${name},`, x: values, y: values.map(() => floor * 1.5 ** (2 * k + 1)), marks: true, sign: k, ink: seriesInk(k),
            label: (i) => `λ${i + 1} = ${words(values[i])}, residual ${words(residuals[i], 3)}`,
        })),
    ];
    const stops = [...new Set(known.flatMap(({ values }) => values))].sort((a, b) => a - b);
    const chart = new Chart(live, {
        title: 'Spectral density, and the largest eigenvalues', words: figure.dataset.words, x: { label: 'eigenvalue λ', short: 'λ' },
        y: { label: 'density', isLog: true, low: floor / 2, high: 3 * most }, series: series(), stops, height: 340,
    });
    return () => chart.update({ series: series() });
}

function historyView(figure, live) {
    const series = () => checkpoints.flatMap(({ name, history }, k) => (history.length > 1 ? [
        { name: `${name}, train`, x: history.map(({ epoch }) => epoch), y: history.map(({ train }) => train), ink: seriesInk(k) },
        ...(history.some(({ test }) => test !== null) ? [{ name: `${name}, test`, x: history.map(({ epoch }) => epoch), y: history.map(({ test }) => test), dash: '6 4', ink: seriesInk(k) }] : []),
    ] : []));
    const chart = new Chart(live, {
        title: 'Loss during training', words: figure.dataset.words, x: { label: 'epoch' }, y: { label: 'loss' }, series: series(), height: 280,
    });
    return () => chart.update({ series: series() });
}

/** The checkpoints of a training one after another, over the loss in their plane. */
function pathView(figure, live) {
    const index = Number(figure.dataset.index), { name, path } = checkpoints[index];
    const { points } = path, id = `step-${index}`;
    let at = points.length - 1, timer = null, seen = null;
    const values = extent(path.loss, (value) => value > 0) || [0, 1];
    const isLog = Boolean(extent(path.loss)) && extent(path.loss)[0] > 0 && values[1] > 30 * values[0];
    const field = fieldOf(path, path.loss, scaleOf(...(isLog ? values : extent(path.loss) || [0, 1]), isLog), 'viridis', `loss (${data.lossName})`);
    const share = (k) => (path.variance[k] === undefined ? '' : `, ${percent(path.variance[k])}`);

    const play = make('button', { type: 'button', text: 'Play', onclick: () => (timer ? stop() : start()) });
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
        title: 'Loss of the checkpoints', words: figure.dataset.words, x: { label: 'step' }, y: { label: 'loss', isLog }, series: series(), height: 300,
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
    return () => { chart.update({ series: series() }); show(at); };
}

/** Replaces the still picture of every figure by one that moves; a button brings it back. */
function begin() {
    const views = {
        plane: (figure, live) => { const view = new PlaneView(figure, live); return () => view.render(); },
        line: lineView, sharpness: sharpnessView, spectrum: spectrumView, history: historyView, path: pathView,
    };
    for (const figure of document.querySelectorAll('figure.shown')) {
        const [live, still] = [figure.querySelector('.live'), figure.querySelector('.still')];
        live.hidden = false;
        redraws.push(views[figure.dataset.kind](figure, live));
        still.classList.add('replaced');
        const toggle = make('button', { type: 'button', class: 'toggle', text: 'Still picture', 'aria-pressed': 'false', onclick: () => {
            const isStill = still.classList.toggle('replaced') === false;
            live.hidden = isStill;
            toggle.setAttribute('aria-pressed', String(isStill));
            redrawSoon();
        } });
        figure.querySelector('figcaption').append(' ', toggle);
    }
    for (const button of document.querySelectorAll('button.copy')) {
        button.addEventListener('click', () => copy(button));
    }
    document.documentElement.classList.add('scripted');
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawSoon);
    let width = document.body.clientWidth;
    new ResizeObserver(() => {
        if (document.body.clientWidth !== width) { width = document.body.clientWidth; redrawSoon(); }
    }).observe(document.body);
    redrawSoon();
}

async function copy(button) {
    const code = button.parentElement.querySelector('code');
    let isDone = false;
    try {
        await navigator.clipboard.writeText(code.textContent);
        isDone = true;
    } catch {
        getSelection().selectAllChildren(code);
        isDone = document.execCommand('copy');
    }
    button.textContent = isDone ? 'Copied' : 'Selected';
    say(isDone ? 'The command is copied.' : 'The command is selected.');
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
}

begin();
