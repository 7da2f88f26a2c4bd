// A field as a surface in space. One WebGL context draws all of them; each is then copied onto its own canvas.

/** How the surfaces are looked at: all of them from the same side. Angles in radians. */
const camera = {};

function resetCamera() { Object.assign(camera, { yaw: -0.6, pitch: 0.62, zoom: 1 }); }
resetCamera();

function turnCamera(yaw, pitch) {
	camera.yaw += yaw;
	camera.pitch = clamp(camera.pitch + pitch, 0.08, 1.5);
}

function zoomCamera(factor) { camera.zoom = clamp(camera.zoom * factor, 0.6, 4); }

/** The height of a surface whose sides are 2 long, and the middle of it. */
const tall = 1.1, middle = 0.38;

/** Directions of the screen (right, up, away) in the space of the surface, and how large things appear. */
function lookout(width, height) {
	const [cy, sy, cp, sp] = [Math.cos(camera.yaw), Math.sin(camera.yaw), Math.cos(camera.pitch), Math.sin(camera.pitch)];
	const size = 3.1 * camera.zoom * Math.min(1, width / height);
	return {
		right: [cy, -sy, 0], up: [sy * sp, cy * sp, cp], away: [sy * cp, cy * cp, -sp],
		distance: 5.2, x: (size * height) / width, y: size, width, height,
	};
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Where a place of the surface's space is on the screen, in pixels. */
function project(view, spot) {
	const p = [spot[0], spot[1], spot[2] - middle];
	const depth = dot(view.away, p) + view.distance;
	return [
		(0.5 + (0.5 * view.x * dot(view.right, p)) / depth) * view.width,
		(0.5 - (0.5 * view.y * dot(view.up, p)) / depth) * view.height, depth,
	];
}

/** The matrix that does the same, column by column. */
function matrix(view) {
	const near = 1, far = 12, a = (far + near) / (far - near), b = (-2 * far * near) / (far - near);
	const columns = [];
	for (let k = 0; k < 3; k++) columns.push(view.x * view.right[k], view.y * view.up[k], a * view.away[k], view.away[k]);
	const shift = [0, 0, -middle], depth = dot(view.away, shift) + view.distance;
	columns.push(view.x * dot(view.right, shift), view.y * dot(view.up, shift), a * depth + b, depth);
	return new Float32Array(columns);
}

/** The points of a field in space, and its triangles; those with a corner that is not finite are left out, and are holes. */
function meshOf(field) {
	if (field.mesh) return field.mesh;
	const { alpha, beta, shares } = field, width = alpha.length, count = shares.length;
	const along = (list, i) => (2 * (list[i] - list[0])) / (list.at(-1) - list[0]) - 1;
	const vertices = new Float32Array(7 * count), triangles = [];
	const height = (column, row) => shares[clamp(row, 0, beta.length - 1) * width + clamp(column, 0, width - 1)];
	for (let k = 0; k < count; k++) {
		const i = k % width, j = Math.floor(k / width);
		const slope = (a, b, span) => (isNaN(a - b) ? 0 : (tall * (b - a)) / span);
		const dx = along(alpha, Math.min(i + 1, width - 1)) - along(alpha, Math.max(i - 1, 0));
		const dy = along(beta, Math.min(j + 1, beta.length - 1)) - along(beta, Math.max(j - 1, 0));
		vertices.set([
			along(alpha, i), along(beta, j), isNaN(shares[k]) ? 0 : tall * shares[k],
			-slope(height(i - 1, j), height(i + 1, j), dx), -slope(height(i, j - 1), height(i, j + 1), dy), 1,
			isNaN(shares[k]) ? 0 : shares[k],
		], 7 * k);
	}
	for (let j = 0; j + 1 < beta.length; j++) {
		for (let i = 0; i + 1 < width; i++) {
			const a = j * width + i, corners = [a, a + 1, a + width, a + width + 1];
			if (corners.every((corner) => !isNaN(shares[corner]))) {
				triangles.push(a, a + 1, a + width, a + 1, a + width + 1, a + width);
			}
		}
	}
	field.mesh = { vertices, triangles: new Uint32Array(triangles) };
	return field.mesh;
}

/** The one context; it cannot be made where there is no WebGL. */
class Painter {
	constructor() {
		this.canvas = make('canvas');
		const gl = this.canvas.getContext('webgl2', { antialias: true, alpha: true, premultipliedAlpha: true });
		if (!gl) throw new Error('no WebGL');
		this.gl = gl;
		this.program = gl.createProgram();
		for (const [kind, id] of [[gl.VERTEX_SHADER, 'vertex-shader'], [gl.FRAGMENT_SHADER, 'fragment-shader']]) {
			const shader = gl.createShader(kind);
			gl.shaderSource(shader, document.getElementById(id).textContent.trim());
			gl.compileShader(shader);
			if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
			gl.attachShader(this.program, shader);
		}
		gl.linkProgram(this.program);
		if (!gl.getProgramParameter(this.program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(this.program));
		gl.useProgram(this.program);
		gl.enable(gl.DEPTH_TEST);
		this.points = gl.createBuffer();
		this.triangles = gl.createBuffer();
		this.colors = gl.createTexture();
	}

	/** Draws a field for a canvas of so many pixels, and gives the picture. */
	paint(field, view, ratio) {
		const { gl, program } = this, mesh = meshOf(field);
		const width = Math.round(view.width * ratio), height = Math.round(view.height * ratio);
		if (this.canvas.width !== width) this.canvas.width = width;
		if (this.canvas.height !== height) this.canvas.height = height;
		gl.viewport(0, 0, width, height);
		gl.clearColor(0, 0, 0, 0);
		gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
		gl.bindBuffer(gl.ARRAY_BUFFER, this.points);
		gl.bufferData(gl.ARRAY_BUFFER, mesh.vertices, gl.DYNAMIC_DRAW);
		let offset = 0;
		for (const [name, size] of [['place', 3], ['normal', 3], ['value', 1]]) {
			const at = gl.getAttribLocation(program, name);
			gl.enableVertexAttribArray(at);
			gl.vertexAttribPointer(at, size, gl.FLOAT, false, 28, offset);
			offset += 4 * size;
		}
		gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.triangles);
		gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.triangles, gl.DYNAMIC_DRAW);
		gl.bindTexture(gl.TEXTURE_2D, this.colors);
		gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(colorTable(field.colors)));
		gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
		gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
		gl.uniformMatrix4fv(gl.getUniformLocation(program, 'view'), false, matrix(view));
		gl.uniform1f(gl.getUniformLocation(program, 'levels'), contourCount);
		gl.drawElements(gl.TRIANGLES, mesh.triangles.length, gl.UNSIGNED_INT, 0);
		return this.canvas;
	}
}

/** The point of a field that is under a place of the screen; null where the surface is not. */
function pick(field, view, x, y) {
	const { vertices, triangles } = meshOf(field);
	const nx = (2 * x) / view.width - 1, ny = 1 - (2 * y) / view.height;
	const origin = view.away.map((part, k) => -view.distance * part + (k === 2 ? middle : 0));
	const ray = view.away.map((part, k) => part + (nx / view.x) * view.right[k] + (ny / view.y) * view.up[k]);
	const corner = (index) => [vertices[7 * index], vertices[7 * index + 1], vertices[7 * index + 2]];
	const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
	const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
	let first = Infinity, found = null;
	// Möller & Trumbore 1997.
	for (let t = 0; t < triangles.length; t += 3) {
		const [a, b, c] = [triangles[t], triangles[t + 1], triangles[t + 2]];
		const start = corner(a), one = minus(corner(b), start), two = minus(corner(c), start);
		const p = cross(ray, two), size = dot(one, p);
		if (Math.abs(size) < 1e-12) continue;
		const from = minus(origin, start), u = dot(from, p) / size;
		if (u < 0 || u > 1) continue;
		const q = cross(from, one), v = dot(ray, q) / size;
		if (v < 0 || u + v > 1) continue;
		const depth = dot(two, q) / size;
		if (depth > 0 && depth < first) {
			first = depth;
			found = u > 0.5 ? b : v > 0.5 ? c : a;
		}
	}
	return found === null ? null : [found % field.alpha.length, Math.floor(found / field.alpha.length)];
}

/** A canvas with a surface: dragging, arrow keys and pinching turn and zoom it. */
class Surface {
	constructor(box, painter, { onPoint, onLeave, onView }) {
		Object.assign(this, { painter, onPoint, onLeave, onView });
		this.pointers = new Map();
		const canvas = this.canvas = make('canvas', { class: 'surface', tabindex: 0, role: 'application' });
		box.append(canvas);
		canvas.addEventListener('pointerdown', (event) => this.press(event));
		canvas.addEventListener('pointermove', (event) => this.drag(event));
		for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, (event) => this.release(event));
		canvas.addEventListener('pointerleave', () => onLeave());
		canvas.addEventListener('keydown', (event) => this.key(event));
		canvas.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
	}

	press(event) {
		this.canvas.setPointerCapture(event.pointerId);
		this.pointers.set(event.pointerId, place(event, this.canvas));
		this.isClick = true;
	}

	drag(event) {
		const now = place(event, this.canvas), before = this.pointers.get(event.pointerId);
		if (!before) {
			const point = this.field && pick(this.field, this.view, ...now);
			return point ? this.onPoint(...point, false) : this.onLeave();
		}
		if (Math.hypot(now[0] - before[0], now[1] - before[1]) < 2 && this.isClick) return;
		this.isClick = false;
		const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, spot]) => spot);
		if (others.length === 1) {
			const length = (spot) => Math.hypot(spot[0] - others[0][0], spot[1] - others[0][1]);
			zoomCamera(length(now) / Math.max(length(before), 1));
		} else turnCamera((before[0] - now[0]) * 0.009, (now[1] - before[1]) * 0.007);
		this.pointers.set(event.pointerId, now);
		this.onView();
	}

	release(event) {
		const isClick = this.isClick && this.pointers.size === 1 && event.type === 'pointerup';
		this.pointers.delete(event.pointerId);
		const point = isClick && pick(this.field, this.view, ...place(event, this.canvas));
		if (point) this.onPoint(...point, true);
	}

	/** The wheel scrolls the page, unless the surface has the focus. */
	wheel(event) {
		if (document.activeElement !== this.canvas && !event.ctrlKey) return;
		event.preventDefault();
		zoomCamera(Math.exp(-event.deltaY * 0.0015));
		this.onView();
	}

	key(event) {
		if (isCommand(event)) return;
		const turns = { ArrowLeft: [0.15, 0], ArrowRight: [-0.15, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
		if (turns[event.key]) turnCamera(...turns[event.key]);
		else if (event.key === '+' || event.key === '=') zoomCamera(1.15);
		else if (event.key === '-') zoomCamera(1 / 1.15);
		else if (event.key === 'Home' || event.key === '0') resetCamera();
		else return;
		event.preventDefault();
		this.onView();
	}

	render(field, { point, describe }) {
		this.field = field;
		const { pencil, width, height, ratio } = prepare(this.canvas);
		const view = this.view = lookout(width, height);
		this.floor(pencil, view);
		pencil.drawImage(this.painter.paint(field, view, ratio), 0, 0, width, height);
		this.labels(pencil, view);
		this.mark(pencil, view, [nearest(field.alpha, 0), nearest(field.beta, 0)], false);
		if (point) this.mark(pencil, view, point, true);
		this.canvas.setAttribute('aria-label', `${describe} Arrow keys turn the surface, plus and minus zoom, Home resets.`);
	}

	floor(pencil, view) {
		const lines = [-1, -0.5, 0, 0.5, 1].flatMap((k) => [[[k, -1, 0], [k, 1, 0]], [[-1, k, 0], [1, k, 0]]]);
		trace(pencil, lines.map((line) => line.map((spot) => project(view, spot))), 1, ink('line'));
	}

	/** Names and numbers along the two near edges of the floor, and heights at the corner that is farthest left. */
	labels(pencil, view) {
		const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([x, y]) => ({ x, y, at: project(view, [x, y, 0]) }));
		const front = corners.reduce((a, b) => (a.at[2] < b.at[2] ? a : b));
		const side = corners.reduce((a, b) => (a.at[0] < b.at[0] ? a : b));
		const { alpha, beta, scale } = this.field;
		pencil.fillStyle = ink('muted');
		pencil.textAlign = 'center';
		const edge = (list, name, spot) => {
			for (const [t, text] of [[-0.94, tickWords(list[0])], [0, name], [0.94, tickWords(list.at(-1))]]) {
				const [x, y] = project(view, spot(t, 1.18));
				pencil.fillText(text, x, y + 5);
			}
		};
		edge(alpha, 'α', (t, far) => [t, front.y * far, 0]);
		edge(beta, 'β', (t, far) => [front.x * far, t, 0]);
		trace(pencil, [[0, tall].map((z) => project(view, [side.x, side.y, z]))], 1, ink('muted'));
		pencil.textAlign = 'right';
		for (const tick of ticksOf(scale, 4)) {
			const [x, y] = project(view, [side.x, side.y, tall * scale(tick)]);
			pencil.fillRect(x - 4, y - 0.5, 4, 1);
			pencil.fillText(tickWords(tick), x - 7, y + 4);
		}
	}

	/** The checkpoint, or the point that is looked at with a plumb line to the floor. */
	mark(pencil, view, [i, j], isPoint) {
		const { vertices } = meshOf(this.field), k = j * this.field.alpha.length + i;
		const spot = [...vertices.subarray(7 * k, 7 * k + 3)];
		if (isPoint) {
			trace(pencil, [[[spot[0], spot[1], 0], spot].map((end) => project(view, end))], 1, ink('ink'));
		}
		const [x, y] = project(view, spot);
		pencil.beginPath();
		pencil.arc(x, y, isPoint ? 5 : 3, 0, 2 * Math.PI);
		pencil.fillStyle = isPoint ? '#ff5a36' : '#fff';
		pencil.fill();
		pencil.lineWidth = 1.5;
		pencil.strokeStyle = '#000';
		pencil.stroke();
	}
}
