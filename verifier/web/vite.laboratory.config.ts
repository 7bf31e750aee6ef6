import {defineConfig} from "vite";
import {validators} from "./plugins/validators.ts";
import page from "./vite.config.ts";

/** The page's decisions as one module, which tests load in Node and in a browser. */
export default defineConfig({
  resolve: page.resolve ?? {},
  plugins: [validators()],
  publicDir: false,
  build: {
    outDir: "test/dist",
    rolldownOptions: {output: {codeSplitting: false}},
    lib: {entry: "test/laboratory.ts", formats: ["es"], fileName: "laboratory"},
  },
});
