#version 300 es
// A point of the surface: where it is, which way it faces, and its value on the scale from 0 to 1.
in vec3 place;
in vec3 normal;
in float value;
uniform mat4 view;
out vec3 facing;
out float level;

void main() {
    gl_Position = view * vec4(place, 1.0);
    facing = normal;
    level = value;
}
