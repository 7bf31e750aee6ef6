import {defineConfig, mergeConfig} from "vite";
import page from "./vite.config.ts";

/** The page's decisions as one module, which tests load in Node and in a browser. */
export default mergeConfig(
  page,
  defineConfig({
    publicDir: false,
    build: {
      outDir: "test/dist",
      lib: {entry: "test/laboratory.ts", formats: ["es"], fileName: "laboratory"},
    },
  }),
);
