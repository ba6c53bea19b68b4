// `node app.js` synthesizes the app; `cdk deploy --app "node app.js"` deploys it.
import { App } from "aws-cdk-lib";
import { Vestibule } from "./vestibule.js";

const app = new App();
new Vestibule(app, "partner-portal", {
  release: process.env.VESTIBULE_RELEASE,
  parameters: { PortalName: "Partner portal", EmailFrom: "no-reply@example.com" },
});
app.synth();
