import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { existingLevel, regionOf } from "../graphql/address.ts";
import type { ValidFormula } from "../service/types/formula.ts";
import type { Services } from "../service/types/services.ts";
import { bindFormula } from "./bind.ts";
import { sendDocument } from "./document.ts";
import type { Entered, Entries } from "./entries.ts";
import type { FormulaParameters } from "./formula-parameter.ts";
import { setLifetime } from "./headers.ts";
import { parseProbeUrl, parseStatisticsUrl } from "./measure-address.ts";

/** `GET /statistics/{image}.json` and `GET /probe/{image}.json`: numbers of a formula, as GraphQL gives them. `version` is the `v` of their pixels. */
export function registerMeasures(app: FastifyInstance, entries: Entries): void {
  app.get("/statistics/*", (request, reply) =>
    answer(
      entries.of(request),
      request,
      reply,
      parseStatisticsUrl,
      { numbersAlone: true },
      async (formula, { level, region, bins, percentiles }, { services, signal }) => {
        const { image } = formula;
        const wanted = {
          ...{ formula, bins, percentiles },
          level: level === null ? null : existingLevel(image, level),
          region: region && regionOf(image, region),
        };
        return services.tiles.statistics(wanted, signal);
      },
    ),
  );
  app.get("/probe/*", (request, reply) =>
    answer(
      entries.of(request),
      request,
      reply,
      parseProbeUrl,
      // It tells the color of the picture, too.
      { numbersAlone: false },
      async (formula, { level, points }, { services, signal }) =>
        services.tiles.probe({ formula, points, level: existingLevel(formula.image, level ?? 0) }, signal),
    ),
  );
}

interface Asked extends FormulaParameters {
  readonly image: string;
}

async function answer<Url extends Asked>(
  entered: Entered,
  request: FastifyRequest,
  reply: FastifyReply,
  parse: (url: string, limits: Services["limits"]) => Url,
  choice: { readonly numbersAlone: boolean },
  measure: (formula: ValidFormula, url: Url, entered: Entered) => Promise<{ readonly version: string }>,
): Promise<FastifyReply> {
  const target = request.raw.url ?? "";
  const { services, signal } = entered;
  const url = parse(target, services.limits);
  const image = await services.images.get(url.image, signal);
  const formula = await bindFormula(services, image, url, signal, choice);
  const measured = await measure(formula, url, entered);
  // The file may have changed under the request: what came is what it is now.
  setLifetime(reply, entered.lifetime(url.v, { version: measured.version, images: [image, ...formula.others] }));
  return sendDocument(request, reply, JSON.stringify(measured));
}
