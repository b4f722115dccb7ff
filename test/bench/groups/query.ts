import { startServer } from "../../fixtures/server.ts";
import type { Group } from "../group.ts";
import { HttpClient } from "../http-client.ts";
import { scaleImage } from "../images.ts";
import { measure } from "../measure.ts";
import { atMost, type Row } from "../row.ts";

const TILES = 121;

/** The query of the README on the scale image: 121 tiles of 64 px. `factor` other than 2 makes it a picture never asked for. */
function query(fields: string, factor: number): string {
  return `{ image(key: "demo-100k") { render(formula: "red + ${factor}*(uv1 - green)") { hash
    tiles(level: 2, x: {from: 157, to: 167}, y: {from: 195, to: 205}, tileSize: 64) { count nodes { ${fields} } } } } }`;
}

/** One GraphQL query for 121 tiles: as URLs, and with the pictures inside. */
export const rows: Group = async ({ folder }) => {
  const data = scaleImage(folder);
  const server = await startServer({ data });
  const client = new HttpClient(server.port, 1);
  const pid = server.pid();
  const row = async (name: string, fields: string, calls: number, factor: (n: number) => number): Promise<Row> => ({
    ...(await measure((n) => client.query(query(fields, factor(n))), { pid, calls, warmup: 2 * calls })),
    name,
    unit: "query",
    targets: [],
  });
  const urls = await row(`${TILES} tiles as URLs`, "x y url", 200, () => 2);
  const result = [
    { ...urls, targets: [atMost("CPU", urls.cpu, 2, "ms")] },
    await row(`${TILES} tiles as base64, from memory`, "x y base64", 20, () => 2),
    await row(`${TILES} tiles as base64, new formula, chunks decoded`, "x y base64", 10, (n) => 3 + n / 1000),
  ];
  client.close();
  await server.stop();
  return result;
};
