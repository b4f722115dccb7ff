import type { RequestListener } from "node:http";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { vi } from "vitest";
import { serve } from "./support.ts";

/** What the resource of the tests calls itself. */
export const AUDIENCE = "bandloom";
const CLIENT = { client_id: "lab-robot", client_secret: "of-the-robot-of-the-lab" };
/** Seconds. */
const TTL = 3_600;
/** Of all keys, and of what they sign. */
export const ALG = "RS256";

export interface SigningPair {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** An OpenID provider on the loopback. */
export interface Issuer {
  readonly url: string;
  /** Answers to questions for its keys. */
  readonly keysAsked: number;
  /** A token for an audience, as it gives them to programs. */
  token(audience?: string): Promise<string>;
  /** From now on it has these keys, and signs with the first. */
  rotate(...pairs: readonly SigningPair[]): Promise<void>;
  /** Its keys cannot be fetched. */
  setAway(away: boolean): void;
}

export async function newPair(kid: string): Promise<SigningPair> {
  return { kid, ...(await generateKeyPair(ALG, { extractable: true })) };
}

/** `claims` are in every token. */
export async function startIssuer(pair: SigningPair, claims: JWTPayload = {}): Promise<Issuer> {
  const { Provider } = await quietly(() => import("oidc-provider"));
  let listener: RequestListener = () => {};
  let away = false;
  let keysAsked = 0;
  const url = await serve((request, response) => {
    if (request.url !== "/jwks") return listener(request, response);
    keysAsked++;
    if (away) return void response.writeHead(503).end();
    listener(request, response);
  });
  const rotate = async (...pairs: readonly SigningPair[]) => {
    const keys = await Promise.all(pairs.map(jwkOf));
    listener = await quietly(() => new Provider(url, configuration(keys, claims)).callback());
  };
  await rotate(pair);
  return {
    ...{ url, rotate, token: (audience = AUDIENCE) => fetchToken(url, audience) },
    get keysAsked() {
      return keysAsked;
    },
    setAway: (value) => {
      away = value;
    },
  };
}

/** A token that this key signs, whatever stands in it. */
export function signed(pair: Pick<SigningPair, "kid" | "privateKey">, payload: JWTPayload): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: ALG, kid: pair.kid }).sign(pair.privateKey);
}

/** What it says of Node 20, and of keeping nothing, which is what the tests want. What else it says is heard. */
const KNOWN = /Unsupported runtime|in-memory adapter is used/;

async function quietly<T>(work: () => T): Promise<Awaited<T>> {
  const { warn } = console;
  const spy = vi.spyOn(console, "warn").mockImplementation((...words: readonly unknown[]) => {
    if (!KNOWN.test(String(words[0]))) warn(...words);
  });
  try {
    return await work();
  } finally {
    spy.mockRestore();
  }
}

async function jwkOf({ kid, privateKey }: SigningPair) {
  return { ...(await exportJWK(privateKey)), kid, alg: ALG, use: "sig" };
}

function configuration(keys: readonly object[], claims: JWTPayload) {
  return {
    jwks: { keys },
    clients: [{ ...CLIENT, grant_types: ["client_credentials"], redirect_uris: [], response_types: [] }],
    ttl: { ClientCredentials: TTL },
    cookies: { keys: ["of-the-tests"] },
    scopes: ["bandloom:original", "bandloom:admin"],
    extraTokenClaims: () => claims,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          ...{ scope: "bandloom:original bandloom:admin", audience: resource.replace("urn:", "") },
          ...{ accessTokenFormat: "jwt", accessTokenTTL: TTL, jwt: { sign: { alg: ALG } } },
        }),
      },
    },
  };
}

async function fetchToken(url: string, audience: string): Promise<string> {
  const response = await fetch(`${url}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${CLIENT.client_id}:${CLIENT.client_secret}`)}` },
    body: new URLSearchParams({
      ...{ grant_type: "client_credentials", resource: `urn:${audience}`, scope: "bandloom:original" },
    }),
  });
  const answer = (await response.json()) as { readonly access_token?: string };
  if (answer.access_token === undefined) throw new Error(`The issuer gave no token: ${JSON.stringify(answer)}`);
  return answer.access_token;
}
