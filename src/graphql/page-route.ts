import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";

/** Made by `npm run build`; the same place from the sources and from the built files. */
const FOLDER = fileURLToPath(new URL("../../dist/viewer", import.meta.url));

export type SendPage = (reply: FastifyReply) => FastifyReply;

/**
 * Serves the page at `/` and its files under `/assets/` (their names are hashes, so browsers keep them for ever). Gives a way to
 * answer with the page elsewhere too; null when it has not been built.
 */
export async function registerPage(app: FastifyInstance, publicUrl: string | undefined): Promise<SendPage | null> {
  const index = join(FOLDER, "graphiql", "index.html");
  if (!existsSync(index)) {
    app.log.warn("The page is not built (npm run build): / is not served.");
    return null;
  }
  const html = readFileSync(index, "utf8");
  const etag = `"${createHash("sha256").update(html).digest("base64url").slice(0, 22)}"`;
  const policy = contentSecurityPolicy(publicUrl);
  const send: SendPage = (reply) => {
    reply
      .header("content-security-policy", policy)
      .header("x-content-type-options", "nosniff")
      .header("referrer-policy", "no-referrer")
      .header("cache-control", "no-cache")
      .header("vary", "accept")
      .header("etag", etag);
    if (reply.request.headers["if-none-match"] === etag) return reply.code(304).send();
    return reply.type("text/html; charset=utf-8").send(html);
  };
  await app.register(fastifyStatic, {
    root: join(FOLDER, "assets"),
    prefix: "/assets/",
    index: false,
    immutable: true,
    maxAge: "1y",
    preCompressed: true,
    setHeaders: (reply) => reply.header("x-content-type-options", "nosniff"),
  });
  app.get("/", (_request, reply) => send(reply));
  return send;
}

/** Everything from here and nothing evaluated. The editor (Monaco) writes its styles into the page. */
function contentSecurityPolicy(publicUrl: string | undefined): string {
  const pictures = publicUrl === undefined ? "" : ` ${new URL(publicUrl).origin}`;
  return [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' data: blob:${pictures}`,
    "font-src 'self' data:",
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
