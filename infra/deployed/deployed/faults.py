"""Faults of a stack and of its account, one at a time, and what `vestibule doctor` says about each.

A fault is planted with the calls by which an operator would cause it. Where the emulator has no such state, the
response about it is altered.
"""

import contextlib

from .altered_states import ALTERED, rule_for


class Faults:
    """Plants faults in one stack. Each is a context manager, which removes the fault at the end."""

    def __init__(self, stack, altered):
        self.stack, self.altered = stack, altered
        for service in ("apigatewayv2", "cloudwatch", "dynamodb", "events", "kms", "lambda", "logs", "sesv2", "sns"):
            setattr(self, service.replace("lambda", "functions"), stack.emulator.client(service, stack.deployer))
        self.resources = stack.resources()

    def physical(self, logical):
        """Returns the physical id of a resource."""
        return self.resources[logical][1]

    def apply_table_settings(self):
        """Does what CloudFormation does on AWS and leaves out here: sets expiry and recovery as the template says."""
        template = self.stack.processed_template()["Resources"]
        tables = [name for name, each in template.items() if each["Type"] == "AWS::DynamoDB::Table"]
        for logical in tables:
            settings, table = template[logical]["Properties"], self.physical(logical)
            if expiry := settings.get("TimeToLiveSpecification"):
                self.dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=expiry)
            if recovery := settings.get("PointInTimeRecoverySpecification"):
                self.dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)

    def all(self):
        """Yields each fault with the findings that it must cause."""
        sessions, users, audit = (f"{self.stack.name}-{name}" for name in ("sessions", "users", "audit"))
        yield self.no_expiry(sessions), [f"The table {sessions} grows for ever"]
        yield self.no_recovery(users), [f"The table {users} cannot be restored"]
        yield self.no_protection(audit), [f"Nothing protects the table {audit}"]
        yield (self.configured("SignIn", MemorySize=128),
               ["MemorySize of the function SignIn is 128, and 1024", "The hash of a password takes"])  # fmt: skip
        yield self.environment("Me", FRONTEND_URL="https://other.example.com"), ["The environment of Me is not that of the parameters: FRONTEND_URL."]
        yield self.stream_disabled(), ["the stream of the emails table does not invoke"]
        yield self.schedule_disabled(), ["the schedule of the mailer is disabled"]
        yield self.alarm_deleted("EmailIsLate"), ["The alarm EmailIsLate is gone"]
        yield self.alarm_changed("EmailIsLate", Threshold=1e9), ["EmailIsLate is not that of the template: Threshold"]
        yield self.alarm_muted("ApiFails"), ["The alarm ApiFails tells nobody"]
        yield self.alarm_on("UserReported"), ["The alarm UserReported is on"]
        yield self.filter_deleted("UserReportedFilter"), ["The filter UserReportedFilter is gone"]
        yield self.unsubscribed("AlarmTopic"), ["Nobody is told when an alarm comes."]
        yield self.events_disabled(), ["SES does not report what becomes of emails"]
        yield self.sending_off(), ["Sending is switched off for the configuration set"]
        yield self.suppression_on(), ["SES suppresses addresses by its own list"]
        yield self.cors(AllowOrigins=["https://old.example.com"]), [
            "CORS does not allow the pages of https://portal.example.com", "CORS allows https://old.example.com"]  # fmt: skip
        yield self.key_ring_broken(), ["No function can start. The key ring is invalid"]
        yield self.key_disabled(), ["of access tokens does not sign: it is Disabled"]
        yield self.sandbox(), ["SES is in the sandbox"]
        for operation, change, *expected in ALTERED:
            yield self.altered.rule(rule_for(operation, change)), expected

    @contextlib.contextmanager
    def no_expiry(self, table):
        """Rows no longer expire."""
        for enabled in (False, True):
            settings = {"Enabled": enabled, "AttributeName": "expires_at"}
            self.dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=settings)
            if not enabled:
                yield

    @contextlib.contextmanager
    def no_recovery(self, table):
        """Point-in-time recovery is off."""
        for enabled in (False, True):
            settings = {"PointInTimeRecoveryEnabled": enabled}
            self.dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=settings)
            if not enabled:
                yield

    @contextlib.contextmanager
    def no_protection(self, table):
        """The table may be deleted."""
        self.dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        yield
        self.dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)

    @contextlib.contextmanager
    def configured(self, logical, **settings):
        """A function has other settings."""
        name = self.physical(logical)
        before = self.functions.get_function_configuration(FunctionName=name)
        self.functions.update_function_configuration(FunctionName=name, **settings)
        yield
        before = {each: before[each] for each in settings}
        self.functions.update_function_configuration(FunctionName=name, **before)

    def environment(self, logical, **changed):
        """A function has other environment variables."""
        shown = self.functions.get_function_configuration(FunctionName=self.physical(logical))
        variables = shown["Environment"]["Variables"] | changed
        return self.configured(logical, Environment={"Variables": variables})

    @contextlib.contextmanager
    def stream_disabled(self):
        """The stream does not invoke the mailer."""
        [mapping] = [name for kind, name in self.resources.values() if kind == "AWS::Lambda::EventSourceMapping"]
        self.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
        yield
        self.functions.update_event_source_mapping(UUID=mapping, Enabled=True)

    @contextlib.contextmanager
    def schedule_disabled(self):
        """The schedule does not invoke the mailer."""
        [rule] = [name for kind, name in self.resources.values() if kind == "AWS::Events::Rule"]
        self.events.disable_rule(Name=rule)
        yield
        self.events.enable_rule(Name=rule)

    def _alarm(self, logical):
        [alarm] = self.cloudwatch.describe_alarms(AlarmNames=[self.physical(logical)])["MetricAlarms"]
        accepted = self.cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
        return {name: value for name, value in alarm.items() if name in accepted}

    @contextlib.contextmanager
    def alarm_deleted(self, logical):
        """An alarm is gone."""
        before = self._alarm(logical)
        self.cloudwatch.delete_alarms(AlarmNames=[before["AlarmName"]])
        yield
        self.cloudwatch.put_metric_alarm(**before)

    @contextlib.contextmanager
    def alarm_changed(self, logical, **settings):
        """An alarm has other settings."""
        before = self._alarm(logical)
        self.cloudwatch.put_metric_alarm(**before | settings)
        yield
        self.cloudwatch.put_metric_alarm(**before)

    @contextlib.contextmanager
    def alarm_muted(self, logical):
        """The actions of an alarm are disabled."""
        self.cloudwatch.disable_alarm_actions(AlarmNames=[self.physical(logical)])
        yield
        self.cloudwatch.enable_alarm_actions(AlarmNames=[self.physical(logical)])

    @contextlib.contextmanager
    def alarm_on(self, logical):
        """An alarm is on."""
        for state in ("ALARM", "OK"):
            self.cloudwatch.set_alarm_state(AlarmName=self.physical(logical), StateValue=state, StateReason="test")
            if state == "ALARM":
                yield

    @contextlib.contextmanager
    def filter_deleted(self, logical):
        """A metric filter is gone."""
        group, name = self.physical("Logs"), self.physical(logical)
        found = self.logs.describe_metric_filters(logGroupName=group)["metricFilters"]
        [before] = [each for each in found if each["filterName"] == name]
        self.logs.delete_metric_filter(logGroupName=group, filterName=name)
        yield
        names = ("filterName", "filterPattern", "metricTransformations")
        self.logs.put_metric_filter(logGroupName=group, **{each: before[each] for each in names})

    @contextlib.contextmanager
    def unsubscribed(self, logical):
        """Nobody is subscribed to a topic."""
        topic = self.physical(logical)
        [before] = self.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        self.sns.unsubscribe(SubscriptionArn=before["SubscriptionArn"])
        yield
        self.sns.subscribe(TopicArn=topic, Protocol=before["Protocol"], Endpoint=before["Endpoint"])

    @contextlib.contextmanager
    def events_disabled(self):
        """The events of the configuration set go nowhere."""
        name = self.physical("EmailConfigurationSet")
        shown = self.sesv2.get_configuration_set_event_destinations(ConfigurationSetName=name)
        [before] = shown["EventDestinations"]
        destination = before.pop("Name")
        for enabled in (False, True):
            self.sesv2.update_configuration_set_event_destination(
                ConfigurationSetName=name, EventDestinationName=destination,
                EventDestination=before | {"Enabled": enabled})  # fmt: skip
            if not enabled:
                yield

    @contextlib.contextmanager
    def sending_off(self):
        """The configuration set does not send."""
        name = self.physical("EmailConfigurationSet")
        for enabled in (False, True):
            self.sesv2.put_configuration_set_sending_options(ConfigurationSetName=name, SendingEnabled=enabled)
            if not enabled:
                yield

    @contextlib.contextmanager
    def suppression_on(self):
        """The suppression list of the account applies to the configuration set."""
        name = self.physical("EmailConfigurationSet")
        for reasons in (["BOUNCE", "COMPLAINT"], []):
            self.sesv2.put_configuration_set_suppression_options(ConfigurationSetName=name, SuppressedReasons=reasons)
            if reasons:
                yield

    @contextlib.contextmanager
    def cors(self, **settings):
        """CORS has other settings."""
        api = self.physical("Api")
        before = self.apigatewayv2.get_api(ApiId=api)["CorsConfiguration"]
        self.apigatewayv2.update_api(ApiId=api, CorsConfiguration=before | settings)
        yield
        self.apigatewayv2.update_api(ApiId=api, CorsConfiguration=before)

    @contextlib.contextmanager
    def key_ring_broken(self):
        """Two keys of the key ring have one id."""
        before = self.stack.key_ring()
        key = {"kid": "2", "secret": "s" * 64, "added_at": 0}
        self.stack.write_key_ring(before | {"keys": [key, key]})
        yield
        self.stack.write_key_ring(before)

    @contextlib.contextmanager
    def key_disabled(self):
        """A key of access tokens does not sign."""
        key = self.stack.outputs["AccessTokenKey"]
        self.kms.disable_key(KeyId=key)
        yield
        self.kms.enable_key(KeyId=key)

    @contextlib.contextmanager
    def sandbox(self):
        """The account may send to verified addresses only."""
        for production in (False, True):
            self.sesv2.put_account_details(
                MailType="TRANSACTIONAL", WebsiteURL="https://example.com",
                ProductionAccessEnabled=production)  # fmt: skip
            if not production:
                yield
