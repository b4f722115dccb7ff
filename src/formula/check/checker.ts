import { COLOUR_FORMS, normaliseColour } from "../colour.ts";
import type { Expr } from "../expr.ts";
import { given } from "../functions/define.ts";
import type { FunctionRow, Parameter } from "../functions/row.ts";
import { stopOption } from "../functions/scales.ts";
import { callableNames, findRow } from "../functions/table.ts";
import { Halos, tapsOf } from "../halos.ts";
import type { FormulaLimits } from "../limits.ts";
import { shown } from "../problem.ts";
import { meansOfCodes } from "../sampling.ts";
import type { FormulaScope } from "../scope.ts";
import { suggest } from "../suggest.ts";
import { tooManyNodes } from "../syntax/parser.ts";
import type { CallNode, SyntaxNode, SyntaxTree } from "../syntax/tree.ts";
import { ExprBuilder } from "./builder.ts";
import { Problems } from "./problems.ts";
import { type Bound, Resolver } from "./resolver.ts";
import { rewriteTools } from "./rewrite-tools.ts";
import { channelsOf, displayWindow } from "./window.ts";

/** Resolves and types a syntax tree against a scope; gathers problems and goes on where it can (null: part is in error). */
export class Checker {
  readonly problems = new Problems();
  readonly builder: ExprBuilder;
  readonly #limits: FormulaLimits;
  readonly #resolver: Resolver;
  readonly #halos = new Halos();

  constructor(scope: FormulaScope, limits: FormulaLimits) {
    this.#limits = limits;
    this.builder = new ExprBuilder(scope);
    this.#resolver = new Resolver(scope, this.builder, this.problems);
  }

  /** The outputs, or null after any error. */
  run(tree: SyntaxTree): readonly Expr[] | null {
    for (const { name, value } of tree.bindings) this.#resolver.bind(name, this.#bound(value));
    const outputs = tree.outputs.map((node) => this.#expr(node));
    if (this.problems.hasErrors) return null;
    const known = outputs.filter((one) => one !== null);
    this.#refuseManyChannels(known, tree);
    this.#refuseManyTaps(known, tree);
    if (this.problems.hasErrors) return null;
    this.#tellNeighbourhoods(known, tree);
    this.#tellMeans(known, tree);
    return known;
  }

  #bound(value: SyntaxNode): Bound {
    if (value.kind === "image") return { kind: "image", image: this.#resolver.image(value) };
    return { kind: "value", expr: this.#expr(value) };
  }

  /** A value where a shade is due: numbers get a window. */
  shade(expr: Expr): Expr {
    return expr.type === "number" ? displayWindow(this.builder, expr) : expr;
  }

  #expr(node: SyntaxNode): Expr | null {
    const expr = this.#visit(node);
    if (expr && expr.size > this.#limits.nodes) throw tooManyNodes(this.#limits.nodes, node.from, node.to);
    return expr;
  }

  #visit(node: SyntaxNode): Expr | null {
    switch (node.kind) {
      case "number":
        return this.builder.constant(node.value);
      case "text":
        return this.#text(node);
      case "name":
        return this.#resolver.name(node);
      case "ordinal":
        return this.#resolver.ordinal(node);
      case "member":
        return this.#resolver.member(node);
      case "image":
        return this.#resolver.imageAsValue(node);
      case "plane": {
        const target = this.#expr(node.target);
        return target && this.#resolver.plane(node, target);
      }
      case "unary": {
        const argument = this.#expr(node.argument);
        return (
          argument &&
          this.#apply(given(findRow(node.operator === "-" ? "neg" : node.operator)), [argument], [node.argument], node)
        );
      }
      case "binary": {
        const [left, right] = [this.#expr(node.left), this.#expr(node.right)];
        return (
          left && right && this.#apply(given(findRow(node.operator)), [left, right], [node.left, node.right], node)
        );
      }
      case "conditional": {
        const parts = [node.condition, node.whenTrue, node.whenFalse];
        const args = parts.map((one) => this.#expr(one));
        return args.every((one) => one !== null) ? this.#apply(given(findRow("where")), args, parts, node) : null;
      }
      case "call":
        return this.#call(node);
      case "stop":
        return this.problems.error(
          "TYPE_MISMATCH",
          'A number with its colour stands only in ramp, intervals and classes, as in ramp(red, 0: "black", 255: "white").',
          node,
        );
    }
  }

  #text(node: SyntaxNode & { readonly kind: "text" }): Expr | null {
    const colour = normaliseColour(node.text);
    if (colour) return this.builder.named("colour", [], [colour]);
    return this.problems.error(
      "TYPE_MISMATCH",
      `The text "${shown(node.text)}" is no value here: channels are written without quotes, or in backticks; only colours and names of colormaps are quoted.`,
      node,
    );
  }

  #call(node: CallNode): Expr | null {
    const row = callableNames.includes(node.name.name) ? findRow(node.name.name) : undefined;
    if (!row) return this.#unknownFunction(node);
    if (!this.#arityFits(row, node)) return null;
    const args: Expr[] = [];
    const options: string[] = [];
    let failed = false;
    node.args.forEach((argument, index) => {
      const { type } = parameterAt(row, index);
      if (type === "text" || type === "stop") {
        const option = type === "text" ? this.#option(row, argument) : this.#stop(row, argument);
        if (option === null) failed = true;
        else options.push(option);
      } else {
        const expr = this.#expr(argument);
        if (expr === null) failed = true;
        else args.push(expr);
      }
    });
    return failed ? null : this.#apply(row, args, node.args, node, options);
  }

  #option(row: FunctionRow, argument: SyntaxNode): string | null {
    if (argument.kind !== "text") {
      this.problems.error("TYPE_MISMATCH", `${row.name} takes a text in quotes here, as in ${row.example}.`, argument);
      return null;
    }
    const read = given(row.readText)(argument.text);
    if ("option" in read) return read.option;
    this.problems.error("BAD_ARGUMENT", read.problem, argument);
    return null;
  }

  #stop(row: FunctionRow, argument: SyntaxNode): string | null {
    if (argument.kind !== "stop") {
      this.problems.error(
        "TYPE_MISMATCH",
        `${row.name} takes numbers with their colours here, as in ${row.example}.`,
        argument,
      );
      return null;
    }
    const at = this.#expr(argument.at);
    if (at === null) return null;
    if (at.kind !== "const" || !Number.isFinite(at.value)) {
      this.problems.error("BAD_ARGUMENT", "The place of a colour is a plain number.", argument.at);
      return null;
    }
    const colour = argument.colour.kind === "text" ? normaliseColour(argument.colour.text) : null;
    if (colour) return stopOption(at.value, colour);
    this.problems.error("BAD_ARGUMENT", `Behind the : stands ${COLOUR_FORMS}, in quotes.`, argument.colour);
    return null;
  }

  #apply(
    row: FunctionRow,
    args: readonly Expr[],
    places: readonly SyntaxNode[],
    whole: SyntaxNode,
    options: readonly string[] = [],
  ): Expr | null {
    const coerced = args.map((arg, index) => this.#coerce(row, parameterAt(row, index), arg, places[index] ?? whole));
    if (!coerced.every((one) => one !== null)) return null;
    const refused = row.refuse?.(coerced, options) ?? null;
    if (refused !== null) return this.problems.error("BAD_ARGUMENT", refused, whole);
    const advice = row.advise?.(coerced, rewriteTools(this.builder)) ?? null;
    if (advice !== null) this.problems.advise("PRECISION", advice, whole);
    const result = row.rewrite
      ? row.rewrite(coerced, rewriteTools(this.builder))
      : this.builder.call(row, coerced, options);
    if (typeof result === "string") return this.problems.error("BAD_ARGUMENT", result, whole);
    if (this.#halos.of(result) <= this.#limits.halo) return result;
    return this.problems.error(
      "TOO_DEEP",
      `This reads ${this.#halos.of(result)} pixels beyond each side of a tile; ${this.#limits.halo} are allowed: blur less, or nest fewer neighbourhoods.`,
      whole,
    );
  }

  #coerce(row: FunctionRow, parameter: Parameter, expr: Expr, place: SyntaxNode): Expr | null {
    const wanted = parameter.type;
    if (wanted === "any") return expr;
    if (wanted === "number") {
      if (expr.type !== "color") return expr;
      return this.problems.error(
        "TYPE_MISMATCH",
        `${row.name === "neg" ? "-" : row.name} takes numbers, and this is a colour: calculate first and colour the result.`,
        place,
      );
    }
    if (wanted === "color") return this.shade(expr);
    if (expr.type !== "color") return this.shade(expr);
    return this.problems.error(
      "TYPE_MISMATCH",
      `${row.name} takes a number or a shade here, and this is a colour: luma(…) is its brightness.`,
      place,
    );
  }

  #arityFits(row: FunctionRow, node: CallNode): boolean {
    const required = row.parameters.filter((one) => one.default === undefined).length;
    const most = row.parameters.at(-1)?.rest ? Number.POSITIVE_INFINITY : row.parameters.length;
    const given = node.args.length;
    const windowWithOneEnd = row.name === "window" && given === 2;
    if (given >= required && given <= most && !windowWithOneEnd) return true;
    const form = `${node.name.name}(${row.parameters.map((one) => (one.rest ? `${one.name}, …` : one.name)).join(", ")})`;
    this.problems.error(
      "WRONG_ARITY",
      `${node.name.name} has ${given} argument${given === 1 ? "" : "s"} here; it is written ${form}, as in ${row.example}.`,
      node,
    );
    return false;
  }

  #unknownFunction(node: CallNode): null {
    const name = node.name.name;
    const meant = suggest(name, callableNames).map((label) => ({ label, replacement: label }));
    const hint = meant[0] ? ` Did you mean ${meant[0].label}?` : " The API's formulaLanguage lists all functions.";
    this.problems.error("UNKNOWN_FUNCTION", `There is no function ${shown(name)}.${hint}`, node.name, meant);
    return null;
  }

  #refuseManyChannels(outputs: readonly Expr[], tree: SyntaxTree): void {
    const count = new Set(outputs.flatMap(channelsOf)).size;
    if (count <= this.#limits.channels) return;
    const range = { from: tree.outputs[0]?.from ?? 0, to: tree.outputs.at(-1)?.to ?? 0 };
    this.problems.error(
      "TOO_MANY_CHANNELS",
      `The formula reads ${count} channels; ${this.#limits.channels} are allowed.`,
      range,
    );
  }

  #refuseManyTaps(outputs: readonly Expr[], tree: SyntaxTree): void {
    const taps = tapsOf(outputs);
    if (taps <= this.#limits.taps) return;
    const range = { from: tree.outputs[0]?.from ?? 0, to: tree.outputs.at(-1)?.to ?? 0 };
    const message = `Each pixel of this would read ${taps} neighbours (those of a median counted 20 times); ${this.#limits.taps} are allowed: use fewer or smaller neighbourhoods.`;
    this.problems.error("TOO_MANY_NODES", message, range);
  }

  /** Means of codes are other codes. */
  #tellMeans(outputs: readonly Expr[], tree: SyntaxTree): void {
    const leaf = meansOfCodes(outputs, this.builder.scope);
    if (leaf === null) return;
    const range = { from: tree.outputs[0]?.from ?? 0, to: tree.outputs.at(-1)?.to ?? 0 };
    const name = shown(leaf.text);
    const message = `${name} is read as means at coarser levels or between pixels, and a mean of two codes is a third one: write nearest(${name}) for samples, or call the channel categorical in the catalogue.`;
    this.problems.advise("SAMPLING", message, range);
  }

  /** What neighbourhoods cost, for those who wonder why a picture takes its time. */
  #tellNeighbourhoods(outputs: readonly Expr[], tree: SyntaxTree): void {
    const halo = Math.max(0, ...outputs.map((one) => this.#halos.of(one)));
    if (halo === 0) return;
    const range = { from: tree.outputs[0]?.from ?? 0, to: tree.outputs.at(-1)?.to ?? 0 };
    const message = `A tile of this reads ${halo} pixel${halo === 1 ? "" : "s"} beyond each of its sides (of ${this.#limits.halo} that are allowed), and each pixel ${tapsOf(outputs)} neighbours (of ${this.#limits.taps}; those of a median counted 20 times).`;
    this.problems.advise("NEIGHBOURHOOD", message, range, "info");
  }
}

function parameterAt(row: FunctionRow, index: number): Parameter {
  return given(row.parameters[Math.min(index, row.parameters.length - 1)]);
}
