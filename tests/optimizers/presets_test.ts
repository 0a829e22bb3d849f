// Not quick: it runs every optimizer under every preset.
import { assert, assertEquals } from "@std/assert";
import { OPTIMIZERS } from "../../lib/optimizers/mod.ts";
import { PRESET_NETWORKS, type PresetName, presetOf, PRESETS } from "../../lib/run/presets.ts";
import type { Result } from "../../lib/run/frame.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork } from "../helpers/stub.ts";

const content = noisePicture(20, 16, 1);
/** A dark one, so that there is something to do. */
const bright = noisePicture(16, 18, 2);
const style = { ...bright, data: bright.data.map((value) => 0.3 * value) };
const CPU_ENGINES = ["cpu", "native"] as const;

/** The preset's objective, as far as the stub's three blocks go. */
const LAYERS = { contentLayers: ["relu2_1"], styleLayers: ["relu1_1", "relu2_1", "relu3_1"] };

/**
 * What is left of what a preset minimizes. Adaptive weights follow the gradient of `Σ weight · log loss`; the
 * denoise loss is left out there, since it is next to nothing in the flat noise of the start.
 */
function leftOf({ history, losses, total }: Result, weighting: string): number {
  const first = history[0]!;
  if (weighting === "constant") return total / first.total;
  const both = ["content", "style"].map((name) => ({
    weight: losses[name]!.weight,
    log: Math.log(losses[name]!.loss / first.losses[name]!.loss),
  }));
  const sum = both.reduce((sum, { weight }) => sum + weight, 0);
  return Math.exp(both.reduce((mean, { weight, log }) => mean + weight * log / sum, 0));
}

// One engine is enough where it is the defaults that are asked for.
// Presets of one size that are no other program's: the others are made for one optimizer and for VGG's own
// layers.
const ONE_SIZE = (Object.keys(PRESETS) as PresetName[]).filter((name) =>
  !("sizes" in PRESETS[name]) && !(name in PRESET_NETWORKS)
);
for (const preset of ONE_SIZE) {
  const { weighting } = PRESETS[preset] as { weighting: string };
  for (const name of Object.keys(OPTIMIZERS)) {
    if (weighting === "adaptive" && OPTIMIZERS[name]!({}).needsConstantWeights) continue;
    if (name === "sgd") continue; // its steps count in units of the gradient: no default suits
    useEachEngine(`${name} lowers the loss of ${preset} with its default step size`, async () => {
      const network = stubNetwork();
      const overrides = { ...LAYERS, optimizer: name, iterations: 40, seed: 1 };
      const result = await stylize(network, presetOf(preset)(content, style, overrides));
      const ratio = leftOf(result, weighting);
      assert(ratio < 0.9, `${ratio} of the loss is left`);
      network.dispose();
    }, ["native"]);
  }
}

// Gradients whose squares overflow or vanish in float32.
for (const factor of [1e22, 1e-12]) {
  for (const name of Object.keys(OPTIMIZERS)) {
    if (name === "lbfgs-plain" && factor < 1) continue; // PyTorch's: its steps are as small as the gradient
    if (name === "sgd") continue;
    useEachEngine(`${name} does as much under weights times ${factor}`, async () => {
      const network = stubNetwork();
      const run = (styleWeight: number) =>
        stylize(
          network,
          presetOf("gatys")(content, style, {
            ...LAYERS,
            optimizer: name,
            contentWeight: 0,
            denoiseWeight: 0,
            styleWeight,
            iterations: 10,
            seed: 1,
          }),
        );
      const [plain, scaled] = [await run(500), await run(500 * factor)];
      const ratios = [plain, scaled].map((result) => leftOf(result, "constant"));
      assertEquals(scaled.notes, []);
      assert(ratios[1]! < ratios[0]! * 1.5 + 0.02, `${ratios}`);
      network.dispose();
    }, CPU_ENGINES);
  }
}

useEachEngine("normalized descent under constant weights is that under adaptive ones", async () => {
  const network = stubNetwork();
  const run = (weighting: "adaptive" | "constant") =>
    stylize(
      network,
      presetOf("tutorial")(content, style, {
        ...LAYERS,
        weighting,
        contentWeight: 0,
        denoiseWeight: 0,
        styleWeight: 1e6,
        iterations: 8,
        seed: 1,
      }),
    );
  const [adaptive, constant] = [await run("adaptive"), await run("constant")];
  const [a, c] = [adaptive.losses.style!.loss, constant.losses.style!.loss];
  assert(Math.abs(a - c) < 0.01 * a, `${a} and ${c}`);
  network.dispose();
}, CPU_ENGINES);
