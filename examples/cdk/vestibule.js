// A portal as a CDK stack: the template of a release folder, with its zips as assets.
import { join } from "node:path";
import { Stack } from "aws-cdk-lib";
import { CfnFunction } from "aws-cdk-lib/aws-sam";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import { CfnInclude } from "aws-cdk-lib/cloudformation-include";

export class Vestibule extends Stack {
  // `release` is the folder, and `parameters` are those of its template that differ from their defaults.
  constructor(scope, id, { release, parameters, ...props }) {
    super(scope, id, props);
    this.template = new CfnInclude(this, "Template", {
      templateFile: join(release, "template.yaml"),
      // It refers to the stage that SAM makes, which is not in the template.
      dehydratedResources: ["ApiMapping"],
    });
    const mapping = this.template.getResource("ApiMapping");
    mapping.overrideLogicalId("ApiMapping");
    mapping.cfnOptions.condition = this.template.getCondition("HasDomain");
    for (const [name, value] of Object.entries(parameters)) this.template.getParameter(name).default = value;
    const functions = this.template.node.findAll().filter((each) => each instanceof CfnFunction);
    for (const each of functions) {
      const asset = new Asset(this, `${each.node.id}Code`, { path: join(release, each.codeUri) });
      each.codeUri = { bucket: asset.s3BucketName, key: asset.s3ObjectKey };
      allowNoSuccessDestination(each);
    }
  }

  // Returns an output of the template, such as ApiUrl, for other constructs.
  output(name) {
    return this.template.getOutput(name).value;
  }
}

// The CDK requires a destination of successful events, unlike SAM.
function allowNoSuccessDestination(each) {
  const destinations = each.eventInvokeConfig?.destinationConfig;
  if (!destinations || destinations.onSuccess) return;
  each.eventInvokeConfig = {
    ...each.eventInvokeConfig,
    destinationConfig: { ...destinations, onSuccess: { destination: "none" } },
  };
  each.addPropertyDeletionOverride("EventInvokeConfig.DestinationConfig.OnSuccess");
}
