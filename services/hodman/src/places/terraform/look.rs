//! What bringing or removing a stack would do.

use super::record::Record;
use super::run::{As, Run, tell};
use super::told::Told;
use super::{Failure, Stacks};
use hodman_clients::terraform::{Planned, SealedPlan};
use hodman_model::kinds::{APPROVED, Whose};
use hodman_model::stacks::{StackPlan, StackPlanError, TerraformShown};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// A plan as it is shown, and as it would be applied.
pub(super) struct Looked {
    pub plan: StackPlan,
    pub saved: SealedPlan,
    /// Whose the state is that is there already, when it is none of ours.
    pub foreign: Option<String>,
}

impl Stacks {
    pub(super) async fn preview(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let told = Told::of(body)?;
        let record = self.record(name).await?;
        if let Some(record) = &record {
            record.must_be_stored()?;
        }
        let who = As::who_looks(Whose::of(body));
        let run = self.open(name, &told, who).await?;
        self.own_place(name, &run).await?;
        let looked = self.look(name, &run, (&told, false), record.as_ref()).await;
        if who == As::Propose {
            // Whatever it left there is nobody's.
            run.stack.into_workdir().remove()?;
        }
        self.shown(name, approved(body, looked)?, body).await
    }

    pub(super) async fn preview_removal(&self, name: &str, body: &Value) -> Result<Value, Failure> {
        let Some(record) = self.record(name).await? else {
            return Err(Failure::NoStack(name.to_owned()));
        };
        record.must_be_stored()?;
        let told = record
            .told()
            .ok_or_else(|| Failure::NoStack(name.to_owned()))?;
        let known = (&record, told);
        let (run, told) = Box::pin(self.open_either(name, known, body, As::Plan)).await?;
        let looked = self.look(name, &run, (&told, true), Some(&record)).await;
        self.shown(name, approved(body, looked)?, body).await
    }

    async fn shown(&self, name: &str, looked: Looked, body: &Value) -> Result<Value, Failure> {
        // Somebody who only looks leaves nothing behind.
        if body["keep"] == json!(true) && !looked.plan.is_empty() {
            self.keep(name, &looked).await?;
        }
        Ok(json!({"plan": looked.plan, "foreign": looked.foreign}))
    }

    /// Plans what `told` asks for, or its removal.
    pub(super) async fn look(
        &self,
        name: &str,
        run: &Run,
        (told, removes): (&Told, bool),
        record: Option<&Record>,
    ) -> Result<Looked, Failure> {
        let commit = told.commit(removes);
        let mut say = |line: &str| tell(name, line);
        let planned = match removes {
            true => run.stack.plan_destroy(&commit, &self.key, &mut say).await?,
            false => run.stack.plan(&commit, &self.key, &mut say).await?,
        };
        let Planned {
            changes,
            shown,
            saved,
        } = planned;
        let known = record.map_or("", |record| record.lineage.as_str());
        let lineage = saved.binding.lineage.as_str();
        if !known.is_empty() && known != lineage {
            return Err(Failure::Refused(format!(
                "the state of stack {name} is another than the one that was applied last ({known:?} then, {lineage:?} now): where its \
                 backend was changed on purpose, move the state there (`terraform init -migrate-state`); where it was lost, bring it back"
            )));
        }
        let read = TerraformShown::read(shown.expose_secret().as_bytes()).map_err(unreadable)?;
        // It is long, and nobody needs the text any more.
        drop(shown);
        if !removes {
            all_declared(told, &read)?;
            protected_is_there(told, &read)?;
        }
        let mut plan = self.rows(run, told, &read)?;
        if !changes {
            plan.rows.clear();
            plan.outputs.clear();
        }
        if !removes {
            nothing_protected(told, &plan)?;
        }
        rest_of_begun(&mut plan, record, &commit);
        let foreign = match record {
            None => left_by_others(name, &saved, &read),
            Some(_) => None,
        };
        Ok(Looked {
            plan,
            saved,
            foreign,
        })
    }

    fn rows(&self, run: &Run, told: &Told, shown: &TerraformShown) -> Result<StackPlan, Failure> {
        let names = run.secret_names.iter().map(String::as_str);
        if let Some(name) = shown.shown_secrets(names).first() {
            return Err(Failure::Refused(format!(
                "variable `{name}` is given a secret and is not declared `sensitive = true`: it would be shown"
            )));
        }
        let mut plan = shown.plan(&told.rules()).map_err(unreadable)?;
        plan.rename_secrets(&|digest| {
            let name = self.ground.secrets.version(&digest.as_str().into());
            super::named(&[&name])
        });
        Ok(plan)
    }
}

/// What a look came to, of something that may be approved already.
fn approved(body: &Value, looked: Result<Looked, Failure>) -> Result<Looked, Failure> {
    match body[APPROVED] == true {
        true => looked.map_err(Failure::on_the_way),
        false => looked,
    }
}

fn unreadable(error: StackPlanError) -> Failure {
    Failure::Refused(format!("Terraform's plan: {error}"))
}

/// Refuses variables that Terraform would ignore without a word.
fn all_declared(told: &Told, shown: &TerraformShown) -> Result<(), Failure> {
    let given = told.variables.iter().filter(|(_, value)| !value.is_null());
    let names = given.map(|(name, _)| name.as_str());
    let undeclared = shown.undeclared(names);
    let Some(name) = undeclared.first() else {
        return Ok(());
    };
    let directory = &told.directory;
    Err(Failure::Refused(format!(
        "{directory} declares no variable `{name}`, and Terraform would ignore what it is given: declare it (`variable \"{name}\"`), \
         take the input away, or say in module.yaml under `variables` which ones it is told"
    )))
}

/// Refuses names of what is protected that protect nothing.
fn protected_is_there(told: &Told, shown: &TerraformShown) -> Result<(), Failure> {
    let unknown = shown.unknown_protected(&told.rules().protected);
    let Some(entry) = unknown.first() else {
        return Ok(());
    };
    let directory = &told.directory;
    Err(Failure::Refused(format!(
        "`protected` in {directory}/module.yaml names `{entry}`, which is neither in the directory nor in its state: it protects nothing"
    )))
}

/// Refuses what the module forbids.
fn nothing_protected(told: &Told, plan: &StackPlan) -> Result<(), Failure> {
    let rules = told.rules();
    let forbidden: Vec<String> = plan
        .forbidden(&rules)
        .map(|row| format!("{} {}", row.action.word(), row.address))
        .collect();
    if forbidden.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "the module protects what the plan would remove ({}): take it out of `protected` in module.yaml first, where that is meant",
        forbidden.join(", ")
    )))
}

/// Says of a plan that it is the rest of one that was begun, where it is.
pub(super) fn rest_of_begun(plan: &mut StackPlan, record: Option<&Record>, commit: &str) {
    let begun = record.and_then(|record| record.begun.as_ref());
    plan.begun = begun
        .filter(|begun| begun.told.commit(begun.removes) == commit && begun.plan.covers(plan))
        .map(|begun| Box::new(begun.plan.clone()));
}

/// What a state holds that hodman has no record of.
fn left_by_others(name: &str, saved: &SealedPlan, shown: &TerraformShown) -> Option<String> {
    let binding = &saved.binding;
    (!binding.lineage.is_empty() && shown.starts_with_any()).then(|| {
        format!(
            "there is a state already where stack {name} keeps its own (lineage {}, serial {}), and hodman did not make it",
            binding.lineage, binding.serial
        )
    })
}
