import {fileURLToPath} from "node:url";
import {defineConfig} from "vite";
import {VitePWA} from "vite-plugin-pwa";
import {validators} from "./plugins/validators.ts";

const LARGEST_FILE = 3_000_000;

export default defineConfig({
  base: "./", // Any static host can serve it, below any path.
  resolve: {alias: {"@schemas": fileURLToPath(new URL("../../schemas", import.meta.url))}},
  build: {
    target: ["chrome111", "firefox114", "safari16.4"],
    assetsInlineLimit: 0, // The security policy allows no data: addresses.
    modulePreload: {polyfill: false},
  },
  worker: {
    format: "es",
    plugins: () => [validators()],
    // A library asks for Node's own "crypto" where there is no other; that is no file of its own.
    rolldownOptions: {output: {codeSplitting: false, comments: {annotation: false}}},
  },
  plugins: [
    validators(),
    VitePWA({
      registerType: "prompt",
      injectRegister: null,
      manifest: {
        id: "./",
        name: "Qupia",
        short_name: "Qupia",
        description: "Checks passes at the door, offline, and keeps nothing about visitors.",
        lang: "en",
        display: "standalone",
        start_url: "./",
        background_color: "#ffffff",
        theme_color: "#123a5a",
        icons: [
          {src: "icon-192.png", sizes: "192x192", type: "image/png"},
          {src: "icon-512.png", sizes: "512x512", type: "image/png", purpose: "any maskable"},
        ],
      },
      workbox: {
        // So that the very first page, too, is offered a newer one instead of missing it.
        clientsClaim: true,
        globPatterns: ["**/*.{html,js,css,wasm,svg,png}"],
        maximumFileSizeToCacheInBytes: LARGEST_FILE,
        inlineWorkboxRuntime: true,
        sourcemap: false,
      },
    }),
  ],
});
