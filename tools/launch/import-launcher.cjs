// Separate from launch.cjs, because old versions of Node cannot parse `import()`, and launch.cjs must run on them.
void import("./launcher.js").then(({ launch }) => launch(process.argv.slice(2)));
