//! Variables of the environment that win over the file, for containers.

use hodman_model::diagnostic::{Diagnostic, Diagnostics};

use super::{Config, LogFormat, StoreUrl};

/// A variable and the setting that it replaces.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// The variable's name.
    pub name: &'static str,
    /// The setting, as a path of keys.
    pub setting: &'static str,
    apply: fn(&mut Config, String) -> Result<(), String>,
}

/// Every variable that is read; `config/hodman.yaml` names each beside its setting.
pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "HODMAN_LISTEN",
        setting: "listen",
        apply: |config, text| {
            config.listen = text
                .parse()
                .map_err(|_| "not an address and port such as 127.0.0.1:8080")?;
            Ok(())
        },
    },
    Variable {
        name: "HODMAN_PUBLIC_URL",
        setting: "public_url",
        apply: |config, text| {
            config.public_url = Some(text);
            Ok(())
        },
    },
    Variable {
        name: "HODMAN_DATA_DIR",
        setting: "data_dir",
        apply: |config, text| {
            config.data_dir = text.into();
            Ok(())
        },
    },
    Variable {
        name: "HODMAN_STORE_URL",
        setting: "store.url",
        apply: |config, url| {
            let password = config.store.take().and_then(|store| store.password);
            config.store = Some(StoreUrl { url, password });
            Ok(())
        },
    },
    Variable {
        name: "HODMAN_GITHUB_API_URL",
        setting: "github.api_url",
        apply: |config, text| {
            config.github.api_url = text;
            Ok(())
        },
    },
    Variable {
        name: "HODMAN_LOG",
        setting: "log.filter",
        apply: |config, text| {
            config.log.filter = text;
            Ok(())
        },
    },
    Variable {
        name: "HODMAN_LOG_FORMAT",
        setting: "log.format",
        apply: |config, text| {
            config.log.format = match text.as_str() {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err("not `text` or `json`".to_owned()),
            };
            Ok(())
        },
    },
];

impl Config {
    pub(super) fn override_from(
        &mut self,
        lookup: &impl Fn(&str) -> Option<String>,
        found: &mut Diagnostics,
    ) {
        for variable in VARIABLES {
            // A variable that is set to nothing is how container files say "not set".
            let Some(text) = lookup(variable.name).filter(|text| !text.is_empty()) else {
                continue;
            };
            if let Err(problem) = (variable.apply)(self, text) {
                found.push(Diagnostic::error(variable.name, problem));
            }
        }
    }
}
