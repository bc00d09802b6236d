#!/usr/bin/env bash
# Can the stock AWS CLI run the whole stories of an adapter and of a Custom Labels model?
# Usage: aws_cli.sh <folder with images/, train.manifest, test.manifest, and in parts/ the same for Custom Labels>
# AWS_ENDPOINT_URL, dummy credentials and a Region stand in the environment; AWS names the CLI where it is not on PATH.
set -euo pipefail

folder=$1
aws=${AWS:-aws}
bucket=acme-cli

expect() { # expect <what> <wanted> <got>
  if [[ $2 != "$3" ]]; then
    echo "$1: wanted '$2', got '$3'" >&2
    exit 1
  fi
  echo "$1: $3"
}

wait_until() { # wait_until <wanted> <command ...>: ask until the answer is the wanted one, at most 30 s; say so
  local wanted=$1 got='' deadline=$((SECONDS + 30))
  shift
  while ((SECONDS < deadline)); do
    got=$("$@")
    [[ $got == "$wanted" ]] && echo "$*: $got" && return 0
  done
  echo "$*: still '$got' after 30 s, wanted '$wanted'" >&2
  exit 1
}

project_status() {
  "$aws" rekognition describe-projects --features CONTENT_MODERATION --project-names storefront \
    --query 'ProjectDescriptions[0].Status' --output text
}

version_status() {
  "$aws" rekognition describe-project-versions --project-arn "$project" --version-names v1 \
    --query 'ProjectVersionDescriptions[0].Status' --output text
}

"$aws" s3 mb "s3://$bucket" >/dev/null
"$aws" s3 cp --quiet --recursive "$folder/images" "s3://$bucket/images"
"$aws" s3 cp --quiet "$folder/train.manifest" "s3://$bucket/train.manifest"
"$aws" s3 cp --quiet "$folder/test.manifest" "s3://$bucket/test.manifest"

project=$("$aws" rekognition create-project --project-name storefront --feature CONTENT_MODERATION \
  --auto-update DISABLED --tags team=trust-safety --query ProjectArn --output text)
wait_until CREATED project_status

version=$("$aws" rekognition create-project-version --project-arn "$project" --version-name v1 \
  --output-config "S3Bucket=$bucket,S3KeyPrefix=out" \
  --training-data "{\"Assets\":[{\"GroundTruthManifest\":{\"S3Object\":{\"Bucket\":\"$bucket\",\"Name\":\"train.manifest\"}}}]}" \
  --testing-data "{\"Assets\":[{\"GroundTruthManifest\":{\"S3Object\":{\"Bucket\":\"$bucket\",\"Name\":\"test.manifest\"}}}]}" \
  --feature-config 'ContentModeration={ConfidenceThreshold=70}' --query ProjectVersionArn --output text)
wait_until TRAINING_COMPLETED version_status
"$aws" s3 ls "s3://$bucket/out/EvaluationResultSummary-storefront-v1.json" >/dev/null

image=$("$aws" s3api list-objects-v2 --bucket "$bucket" --prefix images/ --no-paginate --max-keys 1 \
  --query 'Contents[0].Key' --output text)
answered_by=$("$aws" rekognition detect-moderation-labels --project-version "$version" \
  --image "S3Object={Bucket=$bucket,Name=$image}" --query ProjectVersion --output text)
expect 'answered by' "$version" "$answered_by"

expect 'deletion of the version' DELETING "$("$aws" rekognition delete-project-version \
  --project-version-arn "$version" --query Status --output text)"
wait_until None version_status
expect 'deletion of the project' DELETING "$("$aws" rekognition delete-project \
  --project-arn "$project" --query Status --output text)"
wait_until None project_status

# Custom Labels: train from manifests, run, ask, stop; datasets; copy; delete.
"$aws" s3 cp --quiet --recursive "$folder/parts" "s3://$bucket/parts"

model_status() { # model_status <project ARN> <version name>
  "$aws" rekognition describe-project-versions --project-arn "$1" --version-names "$2" \
    --query 'ProjectVersionDescriptions[0].Status' --output text
}

labels_project_status() {
  "$aws" rekognition describe-projects --project-names parts --query 'ProjectDescriptions[0].Status' --output text
}

dataset_status() { # the status, or the error's name when the dataset is gone
  local said
  said=$("$aws" rekognition describe-dataset --dataset-arn "$dataset" --query DatasetDescription.Status \
    --output text 2>&1) || true
  grep -oE '[A-Z]+_(IN_PROGRESS|COMPLETE)|ResourceNotFoundException' <<<"$said"
}

parts=$("$aws" rekognition create-project --project-name parts --query ProjectArn --output text)
wait_until CREATED labels_project_status
model=$("$aws" rekognition create-project-version --project-arn "$parts" --version-name v1 \
  --output-config "S3Bucket=$bucket,S3KeyPrefix=labels" \
  --training-data "{\"Assets\":[{\"GroundTruthManifest\":{\"S3Object\":{\"Bucket\":\"$bucket\",\"Name\":\"parts/train.manifest\"}}}]}" \
  --testing-data "{\"Assets\":[{\"GroundTruthManifest\":{\"S3Object\":{\"Bucket\":\"$bucket\",\"Name\":\"parts/test.manifest\"}}}]}" \
  --query ProjectVersionArn --output text)
wait_until TRAINING_COMPLETED model_status "$parts" v1

expect 'start' STARTING "$("$aws" rekognition start-project-version --project-version-arn "$model" \
  --min-inference-units 1 --query Status --output text)"
wait_until RUNNING model_status "$parts" v1
expect 'found' bolt "$("$aws" rekognition detect-custom-labels --project-version-arn "$model" \
  --image "S3Object={Bucket=$bucket,Name=parts/images/hex-bolt-01.png}" --query 'CustomLabels[0].Name' --output text)"
expect 'stop' STOPPING "$("$aws" rekognition stop-project-version --project-version-arn "$model" \
  --query Status --output text)"
wait_until STOPPED model_status "$parts" v1

# Emulated time runs ahead of ours, so the question reaches far into the future.
expect 'requests that CloudWatch counted' 1.0 "$("$aws" cloudwatch get-metric-statistics --namespace AWS/Rekognition \
  --metric-name SuccessfulRequestCount --dimensions Name=Operation,Value=DetectCustomLabels --statistics Sum \
  --start-time "$(date -d '1 hour ago' --iso-8601=seconds)" --end-time "$(date -d '1 year' --iso-8601=seconds)" \
  --period 31536000 \
  --query 'Datapoints[0].Sum' --output text)"

"$aws" rekognition copy-project-version --source-project-arn "$parts" --source-project-version-arn "$model" \
  --destination-project-arn "$parts" --version-name copy --output-config "S3Bucket=$bucket,S3KeyPrefix=copies" >/dev/null
wait_until COPYING_COMPLETED model_status "$parts" copy

dataset=$("$aws" rekognition create-dataset --project-arn "$parts" --dataset-type TRAIN \
  --dataset-source "{\"GroundTruthManifest\":{\"S3Object\":{\"Bucket\":\"$bucket\",\"Name\":\"parts/train.manifest\"}}}" \
  --query DatasetArn --output text)
wait_until CREATE_COMPLETE dataset_status
expect 'images in the dataset' 40 "$("$aws" rekognition describe-dataset --dataset-arn "$dataset" \
  --query DatasetDescription.DatasetStats.TotalEntries --output text)"
"$aws" rekognition delete-dataset --dataset-arn "$dataset"
wait_until ResourceNotFoundException dataset_status

for arn in $("$aws" rekognition describe-project-versions --project-arn "$parts" \
  --query 'ProjectVersionDescriptions[].ProjectVersionArn' --output text); do
  "$aws" rekognition delete-project-version --project-version-arn "$arn" >/dev/null
done
wait_until None model_status "$parts" v1
wait_until None model_status "$parts" copy
expect 'deletion of the labels project' DELETING "$("$aws" rekognition delete-project \
  --project-arn "$parts" --query Status --output text)"

echo 'all steps as told'
