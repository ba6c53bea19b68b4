//! Sends the operations of one service: serializes with the SDK, signs, and tries again.

use super::signature::Signer;
use super::timer::Timer;
use super::{Aws, SdkError};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The pause after the first attempt is shorter than this, and that after each other one than twice
/// as much as before, with full jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// The codes of errors that the same request may not meet again. Failures of the service (5xx) are
/// tried again whatever their code is.
const RETRYABLE: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Returns whether a service may not send this status and error code again for the same request.
pub(super) fn is_temporary(status: u16, code: Option<&str>) -> bool {
    status >= 500 || code.is_some_and(|code| RETRYABLE.contains(&code))
}

/// A service of AWS.
pub trait Service {
    /// The name in signatures.
    const NAME: &'static str;
    /// The name in host names.
    const HOST: &'static str = Self::NAME;
}

/// The input of an operation of the service `S`, with the types that the SDK has for it.
pub trait Request<S>: Debug + Send + Sync + 'static {
    /// The operation, which has the serializers.
    type Operation: RuntimePlugin + Default;
    type Output: Debug + Send + Sync + 'static;
    type Error: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static;
}

/// The number of attempts at a request, and their time.
#[derive(Clone, Copy)]
pub struct Attempts {
    pub count: u32,
    /// Time of one attempt.
    pub each: Duration,
    /// Time of all attempts with their pauses.
    pub all: Duration,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            count: 3,
            each: Duration::from_secs(1),
            all: Duration::from_secs(3),
        }
    }
}

/// A client of one service.
pub struct Client<S> {
    service: PhantomData<S>,
    aws: Aws,
    endpoint: String,
    signer: Signer,
    attempts: Attempts,
    timer: Timer,
}

/// An operation with the types of its input, output and error erased: its code exists once.
struct Erased {
    layer: Option<FrozenLayer>,
    code: fn(&Error) -> Option<&str>,
}

impl<S: Service> Client<S> {
    pub fn new(aws: &Aws) -> Self {
        Self {
            service: PhantomData,
            endpoint: aws.endpoint(S::HOST),
            signer: Signer::new(&aws.region, S::NAME),
            attempts: Attempts::default(),
            timer: Timer::default(),
            aws: aws.clone(),
        }
    }

    /// Returns the client with other attempts than [`Attempts::default`].
    pub fn with(mut self, attempts: Attempts) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sends a request, up to three times.
    ///
    /// # Errors
    /// The last attempt's error.
    #[expect(
        clippy::expect_used,
        reason = "the deserializer of an operation returns the types of the operation"
    )]
    pub async fn send<R: Request<S>>(&self, input: R) -> Result<R::Output, SdkError<R::Error>> {
        let operation = Erased {
            layer: R::Operation::default().config(),
            code: |error| error.downcast_ref::<R::Error>()?.code(),
        };
        let output = self.send_erased(&operation, Input::erase(input)).await;
        let output = output.map_err(|error| {
            error.map_service_error(|error| error.downcast().expect("the type of the error"))
        })?;
        Ok(output.downcast().expect("the type of the output"))
    }

    async fn send_erased(
        &self,
        operation: &Erased,
        input: Input,
    ) -> Result<Output, SdkError<Error>> {
        let request = operation.serialize(input);
        let request = request.and_then(|mut request| {
            request.uri_mut().set_endpoint(&self.endpoint)?;
            Ok(request)
        });
        let request = request.map_err(SdkError::construction_failure)?;
        self.attempt_repeatedly(operation, request).await
    }

    async fn attempt_repeatedly(
        &self,
        operation: &Erased,
        request: HttpRequest,
    ) -> Result<Output, SdkError<Error>> {
        let end = Instant::now() + self.attempts.all;
        let mut attempt = 1;
        loop {
            let until = end.min(Instant::now() + self.attempts.each);
            let outcome = self
                .timer
                .limit(until, self.attempt(operation, &request))
                .await;
            let outcome =
                outcome.unwrap_or_else(|| Err(SdkError::timeout_error("no response in time")));
            let error = match outcome {
                Err(error) if attempt < self.attempts.count && operation.may_pass(&error) => error,
                outcome => return outcome,
            };
            let next = Instant::now() + self.pause_after(attempt);
            if next >= end {
                return Err(error);
            }
            sleep_until(next).await;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        operation: &Erased,
        request: &HttpRequest,
    ) -> Result<Output, SdkError<Error>> {
        let not_built = |why: &'static str| SdkError::construction_failure(why);
        let mut request = request.try_clone().ok_or_else(|| not_built("a stream"))?;
        let now = self.aws.clock.now();
        let signed = self.signer.sign(&mut request, &self.aws.credentials, now);
        signed.map_err(SdkError::construction_failure)?;
        let response = self.aws.http.call(request).await;
        operation.read(&response.map_err(SdkError::dispatch_failure)?)
    }

    fn pause_after(&self, attempt: u32) -> Duration {
        let limit = FIRST_PAUSE * 2_u32.pow(attempt - 1);
        let random = u32::from_be_bytes(self.aws.random.bytes());
        limit.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

impl Erased {
    fn serialize(
        &self,
        input: Input,
    ) -> Result<HttpRequest, Box<dyn std::error::Error + Send + Sync>> {
        let layer = self.layer.as_ref();
        let serializer = layer.and_then(|layer| layer.load::<SharedRequestSerializer>());
        let serializer = serializer.ok_or("the operation has no serializer")?;
        serializer.serialize_input(input, &mut ConfigBag::base())
    }

    fn read(&self, response: &HttpResponse) -> Result<Output, SdkError<Error>> {
        let status = response.status().as_u16();
        let layer = self.layer.as_ref();
        let deserializer = layer.and_then(|layer| layer.load::<SharedResponseDeserializer>());
        let Some(deserializer) = deserializer else {
            let why = "the operation has no deserializer";
            return Err(SdkError::response_error(why, status));
        };
        let config = ConfigBag::base();
        let read = deserializer.deserialize_nonstreaming_with_config(response, &config);
        read.map_err(|error| {
            let mut of_service = None;
            let other = error.map_operation_error(|error| of_service = Some(error));
            match of_service {
                Some(error) => SdkError::service_error(error, status),
                None => SdkError::response_error(format!("{other:?}"), status),
            }
        })
    }

    /// Returns whether the same request may succeed next time.
    fn may_pass(&self, error: &SdkError<Error>) -> bool {
        match error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
            SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
            SdkError::ServiceError(context) => {
                is_temporary(*context.raw(), (self.code)(context.err()))
            }
            _ => false,
        }
    }
}
