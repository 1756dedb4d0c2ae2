import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The server that `npm run dev` starts beside Vite.
const server = `http://127.0.0.1:${process.env.PORT ?? "8080"}`;

export default defineConfig(({ command }) => {
  // The process that starts a build may have another value, as test runners do: it would include React's development code.
  if (command === "build") process.env.NODE_ENV = "production";
  return {
    root: "web",
    plugins: [react()],
    build: { outDir: "../dist/web", emptyOutDir: true },
    server: {
      host: "127.0.0.1",
      fs: { allow: [".."] },
      proxy: { "^/((bourse|grpc)\\.|uploads/.)": { target: server } },
    },
  };
});
