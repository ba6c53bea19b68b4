# A portal as a Terraform module: the template of a release folder as a CloudFormation stack, with its zips in a bucket.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
  }
}

variable "release" {
  description = "The release folder."
  type        = string
}

variable "name" {
  description = "The name of the stack."
  type        = string
}

variable "bucket" {
  description = "A bucket in the stack's region, for the zips and the template."
  type        = string
}

variable "parameters" {
  description = "The parameters of the template that differ from their defaults."
  type        = map(string)
}

locals {
  # Each release has a prefix of its own, as CloudFormation only replaces code whose place changes.
  prefix    = "${var.name}/${filesha256("${var.release}/SHA256SUMS")}"
  functions = fileset("${var.release}/functions", "*.zip")
  template = replace(
    file("${var.release}/template.yaml"), "CodeUri: functions/", "CodeUri: s3://${var.bucket}/${local.prefix}/"
  )
}

resource "aws_s3_object" "function" {
  for_each = local.functions
  bucket   = var.bucket
  key      = "${local.prefix}/${each.value}"
  source   = "${var.release}/functions/${each.value}"
}

# The template is larger than the 51,200 bytes that a call may contain.
resource "aws_s3_object" "template" {
  bucket  = var.bucket
  key     = "${local.prefix}/template.yaml"
  content = local.template
}

resource "aws_cloudformation_stack" "portal" {
  name         = var.name
  template_url = "https://${var.bucket}.s3.amazonaws.com/${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
  parameters   = merge(var.parameters, { Architecture = trimspace(file("${var.release}/ARCHITECTURE")) })
  depends_on   = [aws_s3_object.function]
}

output "outputs" {
  description = "The outputs of the stack, such as ApiUrl."
  value       = aws_cloudformation_stack.portal.outputs
}
