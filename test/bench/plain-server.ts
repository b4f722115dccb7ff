/** The least that node:http can do: one buffer for every request. Started by hits.ts; prints its port. */
import { createServer } from "node:http";

const body = Buffer.alloc(Number(process.argv[2]), 1);
const server = createServer((_, answer) => {
  answer.writeHead(200, { "content-type": "image/jpeg", "content-length": body.length });
  answer.end(body);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : null);
});
process.once("disconnect", () => process.exit());
