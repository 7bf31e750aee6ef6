/** Made from the JSON Schemas in schemas/ when the page is built. */
declare module "virtual:validators/*" {
  export default function check(value: unknown): boolean;
}
