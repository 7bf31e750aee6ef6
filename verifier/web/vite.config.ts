import {fileURLToPath} from "node:url";
import {defineConfig} from "vite";
import {validators} from "./plugins/validators.ts";

export default defineConfig({
  base: "./",
  resolve: {alias: {"@schemas": fileURLToPath(new URL("../../schemas", import.meta.url))}},
  plugins: [validators()],
});
