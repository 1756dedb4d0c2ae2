// Apart from launch.cjs, as `import()` does not parse on every Node that launch.cjs must answer.
void import("./launcher.js").then(({ launch }) => launch(process.argv.slice(2)));
