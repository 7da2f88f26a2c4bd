#version 300 es
// Colour by value, lit from above and one side, with lines of equal value one pixel wide.
precision highp float;
in vec3 facing;
in float level;
uniform sampler2D colors;
uniform float levels;
out vec4 color;

void main() {
    vec3 base = texture(colors, vec2((level * 255.0 + 0.5) / 256.0, 0.5)).rgb;
    float light = 0.66 + 0.34 * abs(dot(normalize(facing), normalize(vec3(-0.45, -0.35, 0.82))));
    float steps = level * levels;
    float distance = abs(fract(steps - 0.5) - 0.5) / max(fwidth(steps), 1e-6);
    color = vec4(base * light * mix(0.72, 1.0, smoothstep(0.3, 1.3, distance)), 1.0);
}
