import { keyPath, type Services } from "../../service/index.ts";
import type { Config } from "../config/settings.ts";

/** What to open: the page, and one line that fetches a tile. */
export async function welcome({ host, port, data }: Config, services: Services): Promise<string> {
  const anywhere = host === "0.0.0.0" || host === "::";
  const address = anywhere ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  const base = `http://${address}:${port}`;
  const keys = await services.images.keys();
  const key = keys.includes("demo") ? "demo" : keys[0];
  const images = keys.length === 1 ? "1 image" : `${keys.length} images`;
  const lines = [
    `Bandloom ${services.stats().version} serves ${images} of ${data}`,
    "",
    `  API page   ${base}/`,
    key === undefined
      ? "  No image yet: put TIFF files into the folder."
      : `  A tile     curl -o tile.jpg '${base}/tiles/${keyPath(key)}/0/0/0.jpg'`,
    "",
  ];
  return `${lines.join("\n")}\n`;
}
