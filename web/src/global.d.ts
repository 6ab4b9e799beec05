declare module "*.later.css" {
  const text: string;
  export default text;
}
declare module "*.css";
