// Files that the bundler takes in as text.
declare module "*.cc?raw" {
  const text: string;
  export default text;
}
