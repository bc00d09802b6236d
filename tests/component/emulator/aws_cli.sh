#!/usr/bin/env bash
# Can the stock AWS CLI run an adapter's whole story? Usage: aws_cli.sh <folder with images/, train.manifest, test.manifest>
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

wait_until() { # wait_until <wanted> <command ...>: ask until the answer is the wanted one, at most 30 s
  local wanted=$1 got='' deadline=$((SECONDS + 30))
  shift
  while ((SECONDS < deadline)); do
    got=$("$@")
    [[ $got == "$wanted" ]] && return 0
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
expect 'project' CREATED "$(project_status)"

version=$("$aws" rekognition create-project-version --project-arn "$project" --version-name v1 \
  --output-config "S3Bucket=$bucket,S3KeyPrefix=out" \
  --training-data "{\"Assets\":[{\"GroundTruthManifest\":{\"S3Object\":{\"Bucket\":\"$bucket\",\"Name\":\"train.manifest\"}}}]}" \
  --testing-data "{\"Assets\":[{\"GroundTruthManifest\":{\"S3Object\":{\"Bucket\":\"$bucket\",\"Name\":\"test.manifest\"}}}]}" \
  --feature-config 'ContentModeration={ConfidenceThreshold=70}' --query ProjectVersionArn --output text)
wait_until TRAINING_COMPLETED version_status
expect 'version' TRAINING_COMPLETED "$(version_status)"
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

echo 'all steps as told'
