#!/usr/bin/env bash
# Train the packaged weights from SAM 2's own, as docs/results.md tells: about two hours
# on two CPU cores. What is done already is not done again.
#
#   bash scripts/train_weights.sh ../shared/data ../shared/weights/sam2_hiera_tiny_image_fp16.safetensors
set -euo pipefail
cd "$(dirname "$0")/.."
data=$1
base=$2
train=.venv/bin/mae-sam2-train
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-PASSIVE}

[ -d runs/frames ] || .venv/bin/python scripts/prepare_real_frames.py "$data" runs/frames

# Masked pre-training on every angiogram that is not held out: 500 steps, seed 0.
$train pretrain runs/frames/pretrain.csv "$data/UWAT-GAN-R@0.3" \
  --config training/configs/pretrain_cpu.yaml --set loop.steps=500 \
  --weights "$base" --out runs/mae_tiny.safetensors

# The encoder's last two stages, the neck and the decoder on drawn leakage, at half the
# side: 500 steps, seed 0.
$train finetune runs/frames/train.csv --weights runs/mae_tiny.safetensors \
  --config training/configs/finetune_weights_cpu.yaml --out runs/leakage.safetensors

# What is packaged is what is measured: the compact form.
package=".venv/bin/python scripts/make_packaged_weights.py --weights runs/leakage.safetensors"
$package --base "$base" --out runs/compact.safetensors
$train evaluate runs/frames/test.csv --weights runs/compact.safetensors --against "$base" \
  --negatives "$data/huapu4_FFA/diag_normal" --set lesions=4 --set max_clicks=6 \
  --out runs/report
.venv/bin/python scripts/check_discs.py runs/compact.safetensors "$base" runs/frames/held_out
$package --base "$base" --summary runs/report/summary.json
