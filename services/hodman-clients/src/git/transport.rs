//! Git's smart HTTP protocol over reqwest, for libgit2.
//!
//! libgit2 makes a transport from nothing but a URL, on the thread that called it. So the caller
//! of a fetch or push puts a [`Session`] (HTTP client, credentials) into a thread-local for the
//! time of the call, the transport takes it from there, and leaves there what really went wrong:
//! libgit2 itself hands back only one line of text.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};
use git2::{ConfigLevel, ErrorClass, ErrorCode};
use reqwest::Url;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use secrecy::{ExposeSecret as _, SecretString};

use super::error::GitError;

/// How much of an error answer is kept.
const MESSAGE_LIMIT: u64 = 300;

/// User name and password for git over HTTPS.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user name; `x-access-token` for GitHub.
    pub user: String,
    /// The password or token.
    pub password: SecretString,
}

/// Gives the credentials for one fetch or push; `None` for an open repository. Called on a
/// thread that may block.
pub type CredentialSource = Arc<
    dyn Fn() -> Result<Option<Credentials>, Box<dyn std::error::Error + Send + Sync>> + Send + Sync,
>;

/// What one fetch or push speaks with.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) credentials: Option<Credentials>,
    /// Where credentials may go; a redirect to elsewhere gets none.
    pub(super) remote: Url,
    /// Where the first answer really came from, without `/info/refs…`.
    base: Mutex<Option<String>>,
    failure: Mutex<Option<GitError>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Session>>> = const { RefCell::new(None) };
}

impl Session {
    pub(super) fn new(client: Client, credentials: Option<Credentials>, remote: Url) -> Arc<Self> {
        Arc::new(Self {
            client,
            credentials,
            remote,
            base: Mutex::new(None),
            failure: Mutex::new(None),
        })
    }

    /// Runs `work`, whose transports use this session.
    pub(super) fn run<T>(
        self: &Arc<Self>,
        operation: &'static str,
        work: impl FnOnce() -> Result<T, git2::Error>,
    ) -> Result<T, GitError> {
        struct Restore(Option<Arc<Session>>);
        impl Drop for Restore {
            fn drop(&mut self) {
                let before = self.0.take();
                CURRENT.with(|current| *current.borrow_mut() = before);
            }
        }
        prepare_library()?;
        let before = CURRENT.with(|current| current.borrow_mut().replace(Arc::clone(self)));
        let _restore = Restore(before);
        work().map_err(|source| {
            lock(&self.failure)
                .take()
                .unwrap_or(GitError::Library { operation, source })
        })
    }

    /// Keeps what went wrong and gives libgit2 a line about it. The line must not contain NUL,
    /// at which the binding would abort the process, so it says nothing from outside.
    fn fail(&self, error: GitError) -> io::Error {
        *lock(&self.failure) = Some(error);
        io::Error::other("HTTP exchange failed")
    }

    fn exchange(&self, request: &Request) -> Result<Response, GitError> {
        let mut builder = match &request.pack {
            Some(pack) => self
                .client
                .post(request.url.clone())
                .header(
                    CONTENT_TYPE,
                    format!("application/x-{}-request", request.service),
                )
                .header(ACCEPT, request.expected_type())
                .body(pack.clone()),
            None => self.client.get(request.url.clone()).header(ACCEPT, "*/*"),
        };
        if let Some(credentials) = &self.credentials
            && request.url.origin() == self.remote.origin()
        {
            builder = builder.basic_auth(
                &credentials.user,
                Some(credentials.password.expose_secret()),
            );
        }
        let response = builder
            .send()
            .map_err(|error| GitError::Unreachable(Box::new(error)))?;
        let status = response.status().as_u16();
        let url = shown(response.url());
        tracing::debug!(%url, status, "git remote answered");
        match status {
            200..300 => {}
            401 => return Err(GitError::Unauthorized { url }),
            404 => return Err(GitError::RemoteNotFound { url }),
            403 => {
                return Err(GitError::Forbidden {
                    url,
                    message: excerpt(response),
                });
            }
            _ => {
                return Err(GitError::Http {
                    url,
                    status,
                    message: excerpt(response),
                });
            }
        }
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("no content type")
            .to_owned();
        if content_type != request.expected_type() {
            return Err(GitError::NotGit { url, content_type });
        }
        if request.pack.is_none() {
            self.note_base(response.url());
        }
        Ok(response)
    }

    /// A renamed repository redirects the first request; the following POST goes straight to the
    /// new place, because a redirected POST would lose its body.
    fn note_base(&self, answered: &Url) {
        let mut base = answered.clone();
        base.set_query(None);
        if let Some(base) = base.as_str().strip_suffix("/info/refs") {
            *lock(&self.base) = Some(base.to_owned());
        }
    }
}

/// The transport of one connection.
struct SmartHttp(Arc<Session>);

/// One request and its answer.
struct Stream {
    session: Arc<Session>,
    request: Request,
    response: Option<Response>,
}

struct Request {
    url: Url,
    service: &'static str,
    /// What to send; `None` for the list of references.
    pack: Option<Vec<u8>>,
}

impl Request {
    fn expected_type(&self) -> String {
        let kind = if self.pack.is_some() {
            "result"
        } else {
            "advertisement"
        };
        format!("application/x-{}-{kind}", self.service)
    }
}

impl SmartSubtransport for SmartHttp {
    fn action(
        &self,
        url: &str,
        action: Service,
    ) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let (service, listing) = match action {
            Service::UploadPackLs => ("git-upload-pack", true),
            Service::UploadPack => ("git-upload-pack", false),
            Service::ReceivePackLs => ("git-receive-pack", true),
            Service::ReceivePack => ("git-receive-pack", false),
        };
        let base = lock(&self.0.base).clone();
        let base = base
            .as_deref()
            .unwrap_or(url)
            .trim_end_matches('/')
            .to_owned();
        let url = if listing {
            format!("{base}/info/refs?service={service}")
        } else {
            format!("{base}/{service}")
        };
        let url = Url::parse(&url).map_err(|_| {
            git2::Error::new(
                ErrorCode::Invalid,
                ErrorClass::Net,
                "the remote's URL is not valid",
            )
        })?;
        let pack = (!listing).then(Vec::new);
        Ok(Box::new(Stream {
            session: Arc::clone(&self.0),
            request: Request { url, service, pack },
            response: None,
        }))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.response.is_none() {
            let response = self
                .session
                .exchange(&self.request)
                .map_err(|error| self.session.fail(error))?;
            self.response = Some(response);
        }
        let Some(response) = self.response.as_mut() else {
            return Ok(0);
        };
        response
            .read(buffer)
            .map_err(|error| self.session.fail(GitError::Unreachable(Box::new(error))))
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.request
            .pack
            .get_or_insert_default()
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sets libgit2 up, once in the life of the process.
pub(super) fn prepare_library() -> Result<(), GitError> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    DONE.get_or_init(|| set_up_library().map_err(|error| error.message().to_owned()))
        .clone()
        .map_err(|message| GitError::Invalid(format!("libgit2 cannot be set up: {message}")))
}

#[expect(
    unsafe_code,
    reason = "libgit2's process-wide settings have no safe interface; this runs once, before any \
              other use of libgit2 in this process, which is what they ask for"
)]
fn set_up_library() -> Result<(), git2::Error> {
    // SAFETY: called once through `OnceLock` by everything in this module's parent before it
    // touches libgit2, so no other thread is inside libgit2 while its globals change.
    unsafe {
        // A mirror must not depend on somebody's ~/.gitconfig (`insteadOf`, proxies, filters).
        for level in [ConfigLevel::System, ConfigLevel::Global, ConfigLevel::XDG] {
            git2::opts::set_search_path(level, "")?;
        }
        // A volume may belong to another user than the container's. Nothing in a mirror is run.
        git2::opts::set_verify_owner_validation(false)?;
        git2::transport::register("https", connect)?;
        git2::transport::register("http", connect)
    }
}

fn connect(remote: &git2::Remote<'_>) -> Result<Transport, git2::Error> {
    let session = CURRENT
        .with(|current| current.borrow().clone())
        .ok_or_else(|| {
            git2::Error::new(
                ErrorCode::Invalid,
                ErrorClass::Net,
                "no session for this connection",
            )
        })?;
    Transport::smart(remote, true, SmartHttp(session))
}

/// The URL as it may be shown: no user, password, query.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    // Both only fail for URLs that cannot have a user, which then have none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

fn excerpt(response: Response) -> String {
    let mut start = Vec::new();
    // What cannot be read is not shown; the status is the message that counts.
    let _ = response.take(MESSAGE_LIMIT).read_to_end(&mut start);
    let text = String::from_utf8_lossy(&start).replace('\0', "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The data behind these locks is a plain value that no panic can leave half-written.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
