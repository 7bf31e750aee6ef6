/** Made from the JSON Schemas in schemas/ when the page is built. */
declare module "virtual:validators" {
  export function trustBundle(value: unknown): boolean;
  export function rootStatement(value: unknown): boolean;
}
